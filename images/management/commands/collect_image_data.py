"""``manage.py collect_image_data``: what the background task does by itself, to look at or to do now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.templatetags.panel import size as readable_size
from images import actions


class Command(BaseCommand):
    """Tells which uploads and image data nobody needs any more, and removes them if told to."""

    help = "List expired uploads and image data that nobody needs any more; remove them with --remove."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove them, instead of listing them")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        """List or remove."""
        done = "Removed" if remove else "Would remove"
        for upload in actions.discard_expired_uploads(dry_run=not remove):
            self.stdout.write(f"{done} the upload {upload.pk} of {upload.created_at:%Y-%m-%d}.")
        size = 0
        for data in actions.collect_data(dry_run=not remove):
            self.stdout.write(f"{done} the image data {data.pk} ({readable_size(data.size)}).")
            size += data.size
        self.stdout.write(self.style.SUCCESS(f"{readable_size(size)} {'freed' if remove else 'can be freed'}."))
