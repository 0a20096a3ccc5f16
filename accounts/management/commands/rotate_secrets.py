"""``manage.py rotate_secrets``: encrypt stored secrets anew after a change of ``SECRET_KEY``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import actions


class Command(BaseCommand):
    """Encrypts every stored secret under the key of today."""

    help = "Encrypt all stored secrets under SECRET_KEY, so that SECRET_KEY_FALLBACKS is needed for them no more."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Encrypt anew what can be read, and tell what cannot.

        Raises:
            CommandError: some secrets cannot be read any more.
        """
        rotations = actions.rotate_secrets()
        for rotation in rotations:
            self.stdout.write(f"{rotation.what.capitalize()}: {rotation.done} encrypted anew.")
            if rotation.lost:
                self.stdout.write(f"  Not readable any more: {', '.join(rotation.lost)}")
        if any(rotation.lost for rotation in rotations):
            raise CommandError(
                "Some secrets were encrypted under a key that is neither SECRET_KEY nor in SECRET_KEY_FALLBACKS. "
                "Add the old key there and run this again; without it they have to be given anew."
            )
