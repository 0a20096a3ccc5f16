"""What the frame of every page needs. Everything that costs a query is lazy."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import hooks
from accounts.middleware import last_viewer
from accounts.models import Account, Notification, User
from accounts.viewer import Viewer

THEMES = ("light", "dark")


def panel(request: HttpRequest) -> dict[str, Any]:
    """The viewer, their accounts, the counters, the theme, and whether this is a demo.

    Pages that belong to no account (the profile, notifications) show the navigation of the last one.
    """
    viewer: Any = getattr(request, "viewer", None) or SimpleLazyObject(lambda: last_viewer(request))
    theme = request.COOKIES.get("theme", "")
    return {
        "viewer": viewer,
        "accounts": SimpleLazyObject(lambda: _accounts(viewer)),
        "demo": settings.DEMO,
        "theme": theme if theme in THEMES else "",
        "unread_count": SimpleLazyObject(lambda: _unread(request)),
        "pending_offer_count": SimpleLazyObject(lambda: sum(hooks.waiting.ask(viewer)) if viewer else 0),
        "review_desk": SimpleLazyObject(lambda: _review_desk(request)),
    }


def _accounts(viewer: Viewer | None) -> list[Account]:
    return viewer.accounts if viewer else []


def _unread(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    return Notification.objects.unread_by(user).count() if isinstance(user, User) else 0


def _review_desk(request: HttpRequest) -> dict[str, int]:
    """How many cases wait there; empty for whoever has no review desk."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_staff:
        return {}
    counts = [count for count in hooks.review_desk.ask(user) if count is not None]
    return {"count": sum(counts)} if counts else {}
