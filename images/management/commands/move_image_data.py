"""``manage.py move_image_data``: bring image data from one store to another while people use it."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.templatetags.panel import size as readable_size
from images import actions
from images.actions import Moved
from images.models import ImageData
from images.problems import DataProblem
from images.stores import store_names

SAID = {
    Moved.DONE: "Moved",
    Moved.THERE_ALREADY: "There already",
    Moved.GONE: "Gone meanwhile",
    Moved.HELD: "Left, because somebody holds it where it is",
}


class Command(BaseCommand):
    """Moves image data. Whenever it is stopped, running it again goes on with what is left."""

    help = "Move image data between stores, verified on its way. Old copies stay for STOCKROOM_LEFTOVER_HOURS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", required=True, metavar="STORE", help="where it is")
        parser.add_argument("--to", dest="target", required=True, metavar="STORE", help="where it shall be")
        parser.add_argument("--image", action="append", type=UUID, default=[], metavar="ID", help="only of this image")
        parser.add_argument("--region", default="", metavar="CODE", help="only of images in this region")
        parser.add_argument("--dry-run", action="store_true", help="only list what would be moved")

    def handle(
        self, *args: Any, source: str, target: str, image: list[UUID], region: str, dry_run: bool, **options: Any
    ) -> None:
        """Move one after the other, the smallest first.

        Raises:
            CommandError: a store is not known, or something could not be moved.
        """
        self._require_stores(source, target)
        found = list(actions.movable(source=source, images=image, region=region))
        if dry_run:
            for data in found:
                self.stdout.write(f"Would move {self._title(data)}.")
            self.stdout.write(self.style.SUCCESS(f"{len(found)}, {readable_size(sum(data.size for data in found))}."))
            return
        outcomes = Counter(self._move(data, target) for data in found)
        summary = f"{outcomes[Moved.DONE]} moved, {len(found) - outcomes[Moved.DONE]} not."
        if outcomes[None]:
            raise CommandError(f"{summary} {outcomes[None]} had a problem; the lines above say which.")
        self.stdout.write(self.style.SUCCESS(summary))

    def _require_stores(self, *names: str) -> None:
        for name in names:
            if name not in store_names():
                raise CommandError(f"There is no store {name!r}; this panel has {', '.join(store_names())}.")

    def _move(self, data: ImageData, target: str) -> Moved | None:
        try:
            moved = actions.move_data(data.pk, target)
        except DataProblem as problem:
            self.stderr.write(self.style.ERROR(f"Problem with {self._title(data)}: {problem}"))
            return None
        self.stdout.write(f"{SAID[moved]}: {self._title(data)}.")
        return moved

    def _title(self, data: ImageData) -> str:
        return f"{data.pk} ({readable_size(data.size)})"
