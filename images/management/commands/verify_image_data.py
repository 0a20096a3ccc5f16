"""``manage.py verify_image_data``: read stored bytes and compare them with their checksums."""

import os
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.templatetags.panel import size as readable_size
from images import actions
from images.models import Image, ImageData
from images.problems import StoreProblem

LOWEST_PRIORITY = 19


class Command(BaseCommand):
    """Verifies all image data, or some of it, and flags what is damaged."""

    help = "Read image data, and compare size, MD5 and SHA-512. What is damaged is flagged and no longer given out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("image", nargs="*", type=UUID, help="ids of images; all image data without any")
        parser.add_argument(
            "--older-than", type=float, default=0, metavar="DAYS", help="only what was not verified for so many days"
        )
        parser.add_argument("--limit", type=int, default=0, metavar="BYTES", help="read at most so many bytes a second")

    def handle(self, *args: Any, image: list[UUID], older_than: float, limit: int, **options: Any) -> None:
        """Verify one after the other.

        Raises:
            CommandError: some of it is damaged, or could not be read.
        """
        os.nice(LOWEST_PRIORITY)
        found = actions.due_for_verification(older_than=timedelta(days=older_than))
        if image:
            self._require_known(image)
            found = found.filter(pk__in=Image.objects.filter(pk__in=image).values("data"))
        outcomes = [self._verify(data, limit) for data in list(found)]
        right, wrong = outcomes.count("right"), outcomes.count("damaged")
        if others := outcomes.count("problem"):
            raise CommandError(f"{right} right, {wrong} damaged, {others} could not be verified.")
        if wrong:
            raise CommandError(f"{right} right, {wrong} damaged.")
        self.stdout.write(self.style.SUCCESS(f"{right} right, none damaged."))

    def _require_known(self, ids: list[UUID]) -> None:
        unknown = set(ids) - set(Image.objects.live().filter(pk__in=ids).values_list("pk", flat=True))
        if unknown:
            raise CommandError(f"There is no image {', '.join(map(str, unknown))}.")

    def _verify(self, data: ImageData, limit: int) -> str:
        title = f"{data.pk} ({readable_size(data.size)}, {data.store})"
        try:
            verdict = actions.verify_data(data.pk, bytes_per_second=limit)
        except (StoreProblem, LookupError) as problem:
            self.stderr.write(self.style.ERROR(f"Problem: {title}: {problem}"))
            return "problem"
        if verdict is None:
            self.stdout.write(f"Gone:    {title}: deleted or moved meanwhile.")
            return "gone"
        if not verdict.is_right:
            self.stdout.write(self.style.ERROR(f"Damaged: {title}: {verdict.data.damage}"))
            return "damaged"
        self.stdout.write(f"Right:   {title}")
        return "right"
