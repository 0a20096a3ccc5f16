"""Who is told what about a share, in the panel and by mail. The words are in templates/sharing/letters."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Notification, User
from accounts.records import invite_by_mail, notify
from accounts.viewer import Viewer
from sharing.models import AddressKind, Share

STRANGERS_ARE_WRITTEN_TO_AFTER = timedelta(days=1)


def offered(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient; invite a stranger's address."""
    verb = "given" if share.status == Share.Status.ACCEPTED else "offered"
    _tell_recipient(verb, share, by)
    if share.recipient is None and share.kind == AddressKind.EMAIL:
        _invite_stranger(share.address)


def reminded(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient once more."""
    _tell_recipient("reminded", share, by)
    if share.recipient is None and share.kind == AddressKind.EMAIL:
        _invite_stranger(share.address)


def removed(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient that the image is no longer theirs to use."""
    if share.state in ("pending", "accepted"):
        _tell_recipient("removed", share, by)


def image_deleted(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient that the image is gone."""
    if share.state in ("pending", "accepted"):
        _tell_recipient("deleted", share, by)


def accepted(share: Share, by: Viewer) -> None:
    """Tell the person who made the offer."""
    _tell_producer("accepted", share, by)


def rejected(share: Share, by: Viewer) -> None:
    """Tell the person who made the offer, with the reason."""
    _tell_producer("rejected", share, by)


def _tell_recipient(name: str, share: Share, by: Viewer) -> None:
    if share.recipient is None:
        return
    for user in _deciders(share.recipient):
        if user != by.user:
            subject, body = _letter(name, share=share, by=by, user=user)
            notify([user], subject=subject, body=body, path=_inbox(share.recipient, user))


def _tell_producer(name: str, share: Share, by: Viewer) -> None:
    if share.offered_by == by.user or not share.offered_by.is_active:
        return
    account = share.image.account
    if not Membership.objects.filter(group=account, user=share.offered_by).exists():
        return
    subject, body = _letter(name, share=share, by=by, user=share.offered_by)
    path = reverse("image_detail", kwargs={"number": account.number, "pk": share.image_id})
    notify([share.offered_by], subject=subject, body=body, path=f"{path}#sharing")


def _deciders(group: Group) -> list[User]:
    return list(User.objects.filter(memberships__in=Membership.objects.deciding_for(group.pk)))


def _inbox(recipient: Group, user: User) -> str:
    account = getattr(recipient, "as_account", None) or user.personal_account
    return reverse("offer_list", kwargs={"number": account.number})


def _invite_stranger(address: str) -> None:
    """Write to an unknown address, at most once a day whoever offers whatever, and without the producer's words."""
    since = timezone.now() - STRANGERS_ARE_WRITTEN_TO_AFTER
    if Notification.objects.filter(email=address, created_at__gt=since).exists():
        return
    subject, body = _letter("stranger")
    invite_by_mail(address, subject=subject, body=body, path=reverse("account_signup"))


def _letter(name: str, **context: Any) -> tuple[str, str]:
    """The subject and the body: the first line of the text, and what follows it."""
    text = render_to_string(f"sharing/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    return subject.strip(), body.strip()
