"""``manage.py set_up_servers``: let a panel that has just been made, or was updated, run servers on this host."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from servers import actions, demo


class Command(BaseCommand):
    """Gives the default region a cloud and sizes, once."""

    help = "Let the default region run servers on this host, in a few sizes; does nothing where a region has a cloud."

    def handle(self, *_args: Any, **options: Any) -> None:
        """Set up what is not set up yet, and say so."""
        regions = actions.set_up_regions()
        for region in regions:
            if settings.DEMO and region.is_default:
                demo.load(region)
        if options["verbosity"] and regions:
            self.stdout.write(f"Servers run on this host now, in: {', '.join(region.name for region in regions)}.")
