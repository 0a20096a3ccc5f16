"""``manage.py sync_schedules``: what the background workers do by the clock."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django_q.models import Schedule


class Command(BaseCommand):
    """Makes the table of schedules what ``settings.SCHEDULES`` says. Runs again without harm."""

    help = "Write the schedules of the settings into the database; remove those that are not in the settings."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Write what is missing or different, remove the rest."""
        Schedule.objects.exclude(name__in=settings.SCHEDULES).delete()
        for name, schedule in settings.SCHEDULES.items():
            wanted = {"schedule_type": Schedule.MINUTES, "repeats": -1} | schedule
            # An existing row keeps the time at which it is due next.
            Schedule.objects.update_or_create(name=name, defaults=wanted)
