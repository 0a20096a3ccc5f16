"""What the frame of every page needs. Everything that costs a query is lazy."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import hooks
from accounts.models import Notification, User
from accounts.viewer import Viewer

THEMES = ("light", "dark")


def panel(request: HttpRequest) -> dict[str, Any]:
    """The viewer, the counters, the theme, and whether this is a demo."""
    viewer: Viewer | None = getattr(request, "viewer", None)
    theme = request.COOKIES.get("theme", "")
    return {
        "viewer": viewer,
        "demo": settings.DEMO,
        "theme": theme if theme in THEMES else "",
        "unread_count": SimpleLazyObject(lambda: _unread(request)),
        "pending_offer_count": SimpleLazyObject(lambda: sum(hooks.waiting.ask(viewer)) if viewer else 0),
    }


def _unread(request: HttpRequest) -> int:
    user = request.user
    return Notification.objects.unread_by(user).count() if isinstance(user, User) else 0
