"""Reading what one was told, and choosing what comes by mail."""

from collections.abc import Collection

from django.http import Http404
from django.utils import timezone

from accounts.models import Notification, User


def mark_read(notification_id: int, *, by: User) -> Notification:
    """Remember that a person has opened a message.

    Raises:
        Http404: it is somebody else's.
    """
    notification = Notification.objects.filter(pk=notification_id, user=by).first()
    if notification is None:
        raise Http404
    Notification.objects.unread_by(by).filter(pk=notification_id).update(read_at=timezone.now())
    return notification


def mark_all_read(*, by: User) -> int:
    """Remember that a person has seen all their messages.

    Returns:
        How many were unread.
    """
    return Notification.objects.unread_by(by).update(read_at=timezone.now())


def choose_mail(kinds: Collection[str], *, by: User) -> User:
    """Say which messages also come by mail. Those about security always do.

    Args:
        kinds: of ``Notification.Kind``.
    """
    wanted = {*kinds, Notification.Kind.SECURITY}
    by.not_mailed = [kind for kind in Notification.Kind.values if kind not in wanted]
    by.save(update_fields=["not_mailed"])
    return by
