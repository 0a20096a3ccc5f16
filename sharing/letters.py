"""Who is told what about a share, in the panel and by mail. The words are in templates/sharing/letters.

An action posts a letter and a background task delivers it. For the producer that is one step whoever receives it:
whether there is somebody, and how many, shows neither in the answer nor in the time it takes. With the database as
broker the task is stored in the transaction of the action, so it is neither lost nor sent for what did not happen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Event, Membership, Notification, User
from accounts.records import invite_by_mail, notify
from accounts.viewer import Viewer
from images.actions.later import enqueue_at
from images.models import Image
from sharing import case_letters
from sharing.models import AddressKind, Block, Share

ONE_DAY = timedelta(days=1)
AT_ONCE = timedelta(0)
# What each is about, by which people choose what comes by mail.
KINDS = {
    "offered": Notification.Kind.OFFERS,
    "given": Notification.Kind.OFFERS,
    "accepted": Notification.Kind.DECISIONS,
    "rejected": Notification.Kind.DECISIONS,
}
TAKEN_BACK = ("undone", "removed")  # verbs of events that end an offer by whoever made it
OF_AN_OFFER = ("offered", "given")  # letters that nobody gets when the offer was undone


@dataclass(frozen=True)
class Letter:
    """A letter about a share, in plain values: the share itself may be gone when it is delivered.

    Attributes:
        name: of the text in templates/sharing/letters.
        recipient_id: the account, group or organization that it is about; None for an address that nobody has.
        by_id: the person who acted, and is not told.
        offered_by_id: the person who made the offer.
        status: of the share when the letter was written.
    """

    name: str
    image_id: str
    image_name: str
    region: str
    producer_id: int
    kind: str
    address: str
    address_text: str
    message: str
    reason: str
    recipient_id: int | None
    by_id: int
    offered_by_id: int
    share_id: int
    offered_at: str
    status: str = ""

    @classmethod
    def about(cls, name: str, share: Share, by: Viewer) -> "Letter":
        """The letter of this name about a share."""
        return cls(
            name=name,
            image_id=str(share.image_id),
            image_name=" ".join(share.image.name.split()),
            region=share.image.region_id,
            producer_id=share.image.account_id,
            kind=share.kind,
            address=share.address,
            address_text=share.address_text,
            message=share.message,
            reason=share.reason,
            recipient_id=share.recipient_id,
            by_id=by.user.pk,
            offered_by_id=share.offered_by_id,
            share_id=share.pk,
            offered_at=share.offered_at.isoformat(),
            status=share.status,
        )


def members_not_asked(image: Image, person: User, refused: Mapping[str, Sequence[str]]) -> None:
    """Tell whoever added members to an image without data who of them was not asked when it came.

    Args:
        refused: the names, by the reason.
    """
    name = " ".join(image.name.split())
    context = {"name": name, "user": person, "refused": [(why, ", ".join(names)) for why, names in refused.items()]}
    text = render_to_string("sharing/letters/members_not_asked.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    path = reverse("image_detail", kwargs={"number": image.account.number, "pk": image.pk})
    notify([person], subject=subject, body=body, path=f"{path}#sharing")


def offered(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient; invite a stranger's address. Not before the offer cannot be undone."""
    name = "given" if share.status == Share.Status.ACCEPTED else "offered"
    _post("recipient", name, share, by, wait=timedelta(seconds=settings.UNDO_SECONDS))


def reminded(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient once more."""
    _post("recipient", "reminded", share, by)


def removed(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient that the image is no longer theirs to use."""
    if share.state in ("pending", "accepted"):
        _post("recipient", "removed", share, by)


def image_deleted(share: Share, by: Viewer) -> None:
    """Tell those who decide for the recipient that the image is gone."""
    if share.state in ("pending", "accepted"):
        _post("recipient", "deleted", share, by)


def accepted(share: Share, by: Viewer) -> None:
    """Tell the person who made the offer, unless the recipient only takes turns."""
    if not _is_repeated(share, "accepted"):
        _post("producer", "accepted", share, by)


def rejected(share: Share, by: Viewer, verb: str = "rejected") -> None:
    """Tell the person who made the offer, with the reason, unless the recipient only takes turns.

    Args:
        verb: of the event: "rejected", or "left" for what was accepted.
    """
    if not _is_repeated(share, verb):
        _post("producer", "rejected", share, by)


def _is_repeated(share: Share, verb: str) -> bool:
    """Whether the recipient has done the same since the offer and within a day: who accepts and leaves and accepts
    again must not fill the producer's mailbox.

    Asked in the transaction that wrote the event, under the lock of the image, so that of two turns at once one is
    the first.
    """
    since = max(share.offered_at, timezone.now() - ONE_DAY)
    theirs = Event.objects.of("image", share.image_id).filter(account=share.image.account_id, actor=None, verb=verb)
    return theirs.filter(detail__share=share.pk, at__gte=since).count() > 1


def _post(side: str, name: str, share: Share, by: Viewer, *, wait: timedelta = AT_ONCE) -> None:
    letter = asdict(Letter.about(name, share, by))
    enqueue_at(timezone.now() + wait, f"sharing.tasks.tell_{side}", queue="mail", **letter)


def tell_recipient(letter: Letter) -> None:
    """Deliver a letter to those who decide for the recipient, or invite the stranger behind an address."""
    if letter.name in OF_AN_OFFER and _was_undone(letter):
        return
    if letter.recipient_id is None:
        if letter.kind == AddressKind.EMAIL and letter.name in ("offered", "reminded"):
            invite_stranger(letter.address)
        if letter.kind == AddressKind.MARKETPLACE and letter.name == "offered":
            case_letters.offered_to_marketplace(letter.share_id)
        return
    if (letter.name == "offered" and _was_told_today(letter)) or _is_unwanted(letter):
        return
    recipient = Group.objects.select_related("as_account").get(pk=letter.recipient_id)
    for user in _deciders(recipient).exclude(pk=letter.by_id):
        subject, body = _write(letter, user=user)
        notify([user], subject=subject, body=body, path=_inbox(recipient, user), kind=_kind(letter))


def tell_producer(letter: Letter) -> None:
    """Deliver a letter to the person who made the offer, while they are in the account."""
    if letter.offered_by_id == letter.by_id:
        return
    in_account = Membership.objects.filter(group=letter.producer_id, user__is_active=True)
    membership = in_account.filter(user=letter.offered_by_id).select_related("user", "group__as_account").first()
    if membership:
        subject, body = _write(letter, user=membership.user)
        number = membership.group.as_account.number
        path = reverse("image_detail", kwargs={"number": number, "pk": letter.image_id})
        notify([membership.user], subject=subject, body=body, path=f"{path}#sharing", kind=_kind(letter))


def _kind(letter: Letter) -> Notification.Kind:
    return KINDS.get(letter.name, Notification.Kind.ENDS)


def _was_undone(letter: Letter) -> bool:
    """Whether the offer is not there any more: undone, or removed, within the minute that the letter waited."""
    same = Share.objects.filter(pk=letter.share_id, offered_at=datetime.fromisoformat(letter.offered_at))
    return not same.exists()


def _is_unwanted(letter: Letter) -> bool:
    """Whether the recipient blocks the producer. Of what they accepted, they hear all the same."""
    blocks = Block.objects.filter(recipient=letter.recipient_id, producer=letter.producer_id)
    return letter.status != Share.Status.ACCEPTED and blocks.exists()


def _was_told_today(letter: Letter) -> bool:
    """Whether this is a repetition: who offers, removes and offers again must not fill anybody's mailbox.

    Of an offer that was taken back within the minute for which its letter waited, nobody was told.
    """
    today = Event.objects.of("image", letter.image_id).filter(at__gt=timezone.now() - ONE_DAY)
    rows = today.filter(verb__in=["offered", *TAKEN_BACK], address=letter.address_text).values_list("verb", "at")
    wait, offered_at = timedelta(seconds=settings.UNDO_SECONDS), datetime.fromisoformat(letter.offered_at)
    ends = [at for verb, at in rows if verb in TAKEN_BACK]
    earlier = [at for verb, at in rows if verb == "offered" and at < offered_at]
    return any(not any(at <= end <= at + wait for end in ends) for at in earlier)


def _deciders(group: Group) -> Any:
    return User.objects.filter(memberships__in=Membership.objects.deciding_for(group.pk))


def _inbox(recipient: Group, user: User) -> str:
    account = getattr(recipient, "as_account", None) or user.personal_account
    return reverse("offer_list", kwargs={"number": account.number})


def invite_stranger(address: str) -> None:
    """Write to an unknown address, at most once a day whoever offers whatever, and without the producer's words."""
    if Notification.objects.filter(email=address, created_at__gt=timezone.now() - ONE_DAY).exists():
        return
    subject, body = split(render_to_string("sharing/letters/stranger.txt"))
    invite_by_mail(address, subject=subject, body=body, path=reverse("account_signup"))


def _write(letter: Letter, *, user: User) -> tuple[str, str]:
    producer = Account.objects.get(pk=letter.producer_id)
    context = {"letter": letter, "producer": producer, "user": user}
    context |= {"message": quoted(letter.message), "reason": quoted(letter.reason)}
    return split(render_to_string(f"sharing/letters/{letter.name}.txt", context))


def quoted(text: str) -> str:
    """Somebody's words as mail quotes them, so that nobody takes them for the panel's own."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def split(text: str) -> tuple[str, str]:
    """The subject and the body: the first line of a letter, and what follows it."""
    subject, _newline, body = text.strip().partition("\n")
    return subject.strip(), body.strip()
