"""Letters about images that are to change hands. The words are in templates/sharing/letters."""

from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Notification, User
from accounts.records import notify
from images.actions.later import enqueue_at
from sharing.letters import ONE_DAY, invite_stranger, quoted, split
from sharing.models import AddressKind, Block, HandOver


def asked(hand_over: HandOver) -> None:
    """Have those told who decide for the recipient. One task, whoever they are, so that it tells nothing."""
    same = HandOver.objects.filter(image=hand_over.image, kind=hand_over.kind, address=hand_over.address)
    repeated = same.filter(offered_at__gt=timezone.now() - ONE_DAY).exclude(pk=hand_over.pk).exists()
    enqueue_at(timezone.now(), "sharing.tasks.tell_asked", queue="mail", hand_over_id=hand_over.pk, repeated=repeated)


def tell_asked(hand_over_id: int, *, repeated: bool) -> None:
    """Deliver what ``asked`` has asked for.

    Args:
        repeated: who asks, cancels and asks again must not fill anybody's mailbox.
    """
    hand_over = HandOver.objects.with_sides().get(pk=hand_over_id)
    if repeated or not hand_over.is_open:
        return
    if hand_over.recipient is None:
        if hand_over.kind == AddressKind.EMAIL:
            invite_stranger(hand_over.address)
        return
    if Block.objects.filter(recipient=hand_over.recipient, producer=hand_over.giver).exists():
        return
    for user in _deciders(hand_over.recipient):
        number = hand_over.recipient.as_account.number
        path = reverse("hand_over_detail", kwargs={"number": number, "hand_over": hand_over.pk})
        _tell("hand_over_asked", user, hand_over, path)


def decided(hand_over: HandOver) -> None:
    """Have whoever asked told what was decided."""
    enqueue_at(timezone.now(), "sharing.tasks.tell_giver", queue="mail", hand_over_id=hand_over.pk)


def tell_giver(hand_over_id: int) -> None:
    """Deliver what ``decided`` has asked for, while the person is in the account."""
    hand_over = HandOver.objects.with_sides().select_related("offered_by").get(pk=hand_over_id)
    in_account = Membership.objects.filter(group=hand_over.giver_id, user=hand_over.offered_by, user__is_active=True)
    if in_account.exists():
        number = hand_over.giver.number
        path = reverse("image_list", kwargs={"number": number})
        if hand_over.status == HandOver.Status.REJECTED or hand_over.keep_using:
            path = reverse("image_detail", kwargs={"number": number, "pk": hand_over.image_id})
        _tell(f"hand_over_{hand_over.status}", hand_over.offered_by, hand_over, path)


def _tell(name: str, user: User, hand_over: HandOver, path: str) -> None:
    context = {
        "user": user,
        "hand_over": hand_over,
        "giver": hand_over.giver,
        "name": " ".join(hand_over.image.name.split()),
        "message": quoted(hand_over.message),
        "reason": quoted(hand_over.reason),
    }
    subject, body = split(render_to_string(f"sharing/letters/{name}.txt", context))
    kind = Notification.Kind.OFFERS if name == "hand_over_asked" else Notification.Kind.DECISIONS
    notify([user], subject=subject, body=body, path=path, kind=kind)


def _deciders(group: Group) -> list[User]:
    return list(User.objects.filter(memberships__in=Membership.objects.deciding_for(group.pk)))
