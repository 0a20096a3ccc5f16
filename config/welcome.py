"""What the terminal shows when the panel listens: where it is, and how to get in."""

from django.conf import settings
from django.db import connections

from accounts.models import User
from accounts.setup import new_code

DEMO_PEOPLE = """\
  alice  admin of Acme Producers, manager of the group Golden Testers
  carol  creator of Acme Producers
  bob    admin of Beta Consumers
  dave   observer of Beta Consumers
  erin   member of the group Golden Testers
  sam    staff, may review
  root   administrator
The password of each is stockroom-demo. This is a demo, so it answers on this machine only."""


def welcome() -> str:
    """The lines to show. An empty panel gets a new one-time code each time it starts."""
    try:
        return f"\nStockroom is at {settings.SITE_URL}/\n{ways_in()}\n"
    finally:
        connections.close_all()  # gunicorn's workers part from this process and must not share a connection


def ways_in() -> str:
    if User.objects.filter(is_demo=True).exists():
        return f"Sign in as one of these people:\n{DEMO_PEOPLE}"
    if User.objects.filter(is_superuser=True).exists():
        return "Sign in with your login or email address."
    return f"Make the first administrator at {settings.SITE_URL}/setup/ with this code (valid for a day): {new_code()}"
