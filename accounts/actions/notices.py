"""Reading what one was told."""

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
