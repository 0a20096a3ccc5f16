"""What sharing answers when accounts and images ask (``accounts.hooks``, ``images.hooks``)."""

import accounts.hooks
import images.hooks
from accounts.viewer import Viewer
from sharing import actions
from sharing.models import AddressKind, Share


def register() -> None:
    """Register every answer. Called once, when the apps are ready."""
    accounts.hooks.closing.register(actions.end_shares_of)
    accounts.hooks.email_confirmed.register(actions.resolve_email)
    accounts.hooks.number_is_spoken_for.register(number_is_spoken_for)
    accounts.hooks.waiting.register(count_waiting)
    images.hooks.image_changed.register(actions.follow_image)


def number_is_spoken_for(number: str) -> bool:
    """Whether an offer names this account number, so that a new account must not get it."""
    return Share.objects.filter(kind=AddressKind.NUMBER, address=number).exists()


def count_waiting(viewer: Viewer) -> int:
    """How many offers wait for the viewer's decision, in all regions."""
    return Share.objects.open().filter(recipient__in=viewer.decides_for).count()
