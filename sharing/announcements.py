"""Letters about the end of shares and what is planned for images: to many people at once, in few queries.

Each person gets one letter, however many shares it is about. Whoever is on the producer's side is told of addresses as
the producer typed them, and of nothing behind them. The words are in templates/sharing/letters.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Event, Membership, Notification, User
from accounts.querysets import NOBODY
from accounts.records import Message, notify_each
from accounts.roles import Role
from images.actions.later import enqueue_at
from images.models import PlannedChange
from sharing.letters import split
from sharing.models import Share
from sharing.querysets import gives_access, is_waiting

MOST_NAMED = 20  # in one letter; the page has the rest
MOST_A_DAY = 3  # letters about the same: who plans and cancels, extends and shortens, must not fill anybody's mailbox
ONE_DAY = timedelta(days=1)


# --- What is planned for an image --------------------------------------------------------------------


def plan_changed(planned: PlannedChange, occasion: str) -> None:
    """Have those who have the image, or are offered it, told what is to become of it.

    What was planned a moment ago waits as letters about offers do: until nobody takes it back any more.
    """
    wait = timedelta(seconds=settings.UNDO_SECONDS if occasion == "planned" else 0)
    moment = timezone.now() + wait
    enqueue_at(moment, "sharing.tasks.tell_of_plan", queue="mail", planned_id=planned.pk, occasion=occasion)


def tell_of_plan(planned_id: int, occasion: str) -> None:
    """Deliver what ``plan_changed`` has asked for, if it still holds.

    Args:
        occasion: "planned", "soon" or "cancelled".
    """
    found = PlannedChange.objects.select_related("image__account", "image__region").filter(pk=planned_id).first()
    if found is None or not found.is_a_loss or not _still_holds(found, occasion):
        return
    shares = Share.objects.filter(image=found.image_id).live().not_blocked().filter(gives_access() | is_waiting())
    tell_recipients(f"plan_{occasion}", list(shares.with_sides()), but=found.planned_by_id, planned=found)


def _still_holds(planned: PlannedChange, occasion: str) -> bool:
    if occasion == "cancelled":  # whoever was not told of the plan is not told of its end
        told_at = planned.planned_at + timedelta(seconds=settings.UNDO_SECONDS)
        return planned.cancelled_at is not None and planned.cancelled_at >= told_at
    return planned.is_open and (occasion != "planned" or not _is_planned_too_often(planned))


def _is_planned_too_often(planned: PlannedChange) -> bool:
    lately = PlannedChange.objects.filter(planned_at__gt=timezone.now() - ONE_DAY, planned_at__lt=planned.planned_at)
    return lately.filter(image=planned.image_id, change=planned.change).count() >= MOST_A_DAY


# --- The end of a share ------------------------------------------------------------------------------


def end_changed(share: Share) -> None:
    """Have the recipient told until when it has an image, once the producer leaves it at that for a moment."""
    moment = timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)
    until = share.access_until.isoformat() if share.access_until else ""
    enqueue_at(moment, "sharing.tasks.tell_of_new_end", queue="mail", share_id=share.pk, until=until)


def tell_of_new_end(share_id: int, until: str) -> None:
    """Deliver what ``end_changed`` has asked for, if that is still the end."""
    share = Share.objects.filter(pk=share_id).live().not_blocked().with_sides().first()
    if share is None or share.state not in ("pending", "accepted"):
        return
    if (share.access_until.isoformat() if share.access_until else "") == until and not _is_changed_too_often(share):
        tell_recipients("new_end", [share])


def _is_changed_too_often(share: Share) -> bool:
    changes = Event.objects.of("image", share.image_id).filter(verb__in=("extended", "shortened"))
    lately = changes.filter(at__gt=timezone.now() - ONE_DAY, address=share.address_text)
    return lately.count() > MOST_A_DAY


def asked_for_longer(share: Share) -> None:
    """Have the producer told that a recipient would like to have an image for longer."""
    enqueue_at(timezone.now(), "sharing.tasks.tell_of_wish", queue="mail", share_id=share.pk)


def tell_of_wish(share_id: int) -> None:
    """Deliver what ``asked_for_longer`` has asked for."""
    if share := Share.objects.filter(pk=share_id).with_sides().first():
        tell_producers("asked_for_longer", [share])


# --- To whom -----------------------------------------------------------------------------------------


def tell_recipients(name: str, shares: Collection[Share], *, but: int | None = None, **context: Any) -> None:
    """Tell those who decide for the recipients, each once. Three queries.

    Args:
        name: of the text in templates/sharing/letters.
        shares: with both sides loaded (``ShareQuerySet.with_sides``).
        but: the id of the person who did it and knows.
    """
    by_recipient: dict[int, list[Share]] = {}
    for share in shares:
        by_recipient.setdefault(share.recipient_id or NOBODY, []).append(share)
    deciding = Membership.objects.filter(
        group__in=by_recipient, role__in=(Role.ADMIN, Role.MANAGER), user__is_active=True
    )
    told: dict[User, dict[int, Share]] = {}
    numbers: dict[User, str] = {}
    for membership in deciding.exclude(user=but).with_groups().select_related("user__personal_account"):
        account = getattr(membership.group, "as_account", None) or membership.user.personal_account
        numbers.setdefault(membership.user, account.number)
        told.setdefault(membership.user, {}).update({one.pk: one for one in by_recipient[membership.group_id]})
    notify_each(
        _message(name, user, some, path=_page_of_recipient(numbers[user], some), **context)
        for user, some in ((user, list(shares_of_one.values())) for user, shares_of_one in told.items())
    )


def tell_producers(name: str, shares: Collection[Share], **context: Any) -> None:
    """Tell whoever made each offer; the admins of the account, where that person is not in it any more. Three queries.

    Args:
        shares: as ``tell_recipients``.
    """
    accounts = {share.image.account_id for share in shares}
    members = Membership.objects.filter(group__in=accounts, user__is_active=True).select_related("user")
    people: dict[int, dict[int, Membership]] = {}
    for member in members:
        people.setdefault(member.group_id, {})[member.user_id] = member
    told: dict[tuple[int, User], list[Share]] = {}
    for share in shares:
        for user in _answering_for(share, people.get(share.image.account_id, {})):
            told.setdefault((share.image.account_id, user), []).append(share)
    notify_each(
        _message(name, user, some, path=_page_of_producer(some), **context) for (_account, user), some in told.items()
    )


def _answering_for(share: Share, members: dict[int, Membership]) -> list[User]:
    made_by = members.get(share.offered_by_id)
    if made_by and Role(made_by.role).includes(Role.CREATOR):
        return [made_by.user]
    return [member.user for member in members.values() if member.role == Role.ADMIN]


def _page_of_recipient(number: str, shares: Sequence[Share]) -> str:
    if len(shares) == 1 and shares[0].state in ("pending", "accepted"):
        return reverse("image_detail", kwargs={"number": number, "pk": shares[0].image_id})
    return reverse("offer_list", kwargs={"number": number})


def _page_of_producer(shares: Sequence[Share]) -> str:
    first = shares[0]
    number = first.image.account.number
    if len(shares) > 1:
        return reverse("share_list", kwargs={"number": number})
    if first.state == "accepted":
        return reverse("share_until", kwargs={"number": number, "pk": first.image_id, "share": first.pk})
    return reverse("image_access", kwargs={"number": number, "pk": first.image_id})


def _message(name: str, user: User, shares: Sequence[Share], *, path: str, **context: Any) -> Message:
    context |= {
        "user": user,
        "shares": shares[:MOST_NAMED],
        "first": shares[0],
        "name": " ".join(shares[0].image.name.split()),
        "number": len(shares),
        "more": max(0, len(shares) - MOST_NAMED),
    }
    subject, body = split(render_to_string(f"sharing/letters/{name}.txt", context))
    return Message(user, subject, body, path, Notification.Kind.ENDS)
