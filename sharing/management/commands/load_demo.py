"""``manage.py load_demo``: a small world in which everything can be tried."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sharing import demo


class Command(BaseCommand):
    """Makes the demo people with their images and shares, once."""

    help = "Make the demo people, their accounts, images and shares; does nothing when they exist already."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load the demo into a demo panel.

        Raises:
            CommandError: this is not a demo panel, so people whose password everybody knows may not exist in it.
        """
        if not settings.DEMO:
            raise CommandError(
                "This is not a demo panel, and everybody knows the password of the demo people. "
                "Start one beside it with: make run (it keeps its data apart, and answers on this machine only)."
            )
        if not demo.is_loaded():
            demo.load()
