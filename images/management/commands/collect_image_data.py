"""``manage.py collect_image_data``: what the background task does by itself, to look at or to do now."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.templatetags.panel import size as readable_size
from images import actions


class Command(BaseCommand):
    """Tells what takes up room although nobody needs it, and why; removes it if told to."""

    help = "List what takes up room although nobody needs it: uploads, image data, leftovers. Remove it with --remove."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove all of it, instead of listing it")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        """List or remove.

        Raises:
            CommandError: something could not be removed, or a store could not be looked into.
        """
        sizes: Counter[str] = Counter()
        numbers: Counter[str] = Counter()
        problems = 0
        for find in actions.collect(remove=remove):
            if find.problem:
                problems += 1
                self.stderr.write(self.style.ERROR(f"Problem with the {find.kind} {find.name}: {find.problem}"))
                continue
            sizes[find.kind] += find.size
            numbers[find.kind] += 1
            done = "Removed" if remove else "Would remove"
            self.stdout.write(f"{done} the {find.kind} {find.name} ({readable_size(find.size)}): {find.why}.")
        for kind, number in numbers.items():
            self.stdout.write(f"{kind.capitalize()}: {number}, {readable_size(sizes[kind])}.")
        verb = "freed" if remove else "can be freed with --remove"
        self.stdout.write(self.style.SUCCESS(f"{readable_size(sizes.total())} {verb}."))
        if problems:
            raise CommandError(f"{problems} could not be dealt with; the lines above say why.")
