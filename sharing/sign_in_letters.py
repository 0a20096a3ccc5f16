"""Letters to the admins of an account that somebody accepted for it by signing in, or tried to and failed.

They go out at once, also where the offer is undone: who should not have the password is to be found out. The words are
in templates/sharing/letters.
"""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Membership, Notification, User
from accounts.records import notify
from images.actions.later import enqueue_at
from sharing.letters import split
from sharing.models import Share


def signed_in(share: Share, admin: User) -> None:
    """Have the admins of the receiving account told, the one whose password it was among them."""
    assert share.recipient is not None, "Somebody has accepted."
    _later(
        "tell_of_sign_in",
        producer_id=share.image.account_id,
        account_id=share.recipient.pk,
        login=admin.username,
        image_name=" ".join(share.image.name.split()),
    )


def failed(producer: Account, named: Account | None) -> None:
    """Have a failed try written down for the account that was named. The same step where nobody has the number."""
    _later("refuse_sign_in", producer_id=producer.pk, account_id=named.pk if named else None)


def tell_of_sign_in(producer_id: int, account_id: int, login: str, image_name: str) -> None:
    """Deliver what ``signed_in`` has asked for."""
    _tell("signed_in", _account(producer_id), _account(account_id), login=login, image_name=image_name)


def tell_of_failure(producer: Account, account: Account, *, is_last: bool) -> None:
    """Tell of a failed try.

    Args:
        is_last: whether nothing is said of more tries on this day.
    """
    _tell("sign_in_failed", producer, account, is_last=is_last)


def _later(function: str, **arguments: Any) -> None:
    enqueue_at(timezone.now(), f"sharing.tasks.{function}", queue="mail", **arguments)


def _account(pk: int) -> Account:
    return Account.objects.get(pk=pk)


def _tell(name: str, producer: Account, account: Account, **said: Any) -> None:
    path = reverse("activity", kwargs={"number": account.number})
    for user in User.objects.filter(memberships__in=Membership.objects.deciding_for(account.pk)):
        context = {"producer": producer, "account": account, "user": user} | said
        subject, body = split(render_to_string(f"sharing/letters/{name}.txt", context))
        notify([user], subject=subject, body=body, path=path, kind=Notification.Kind.SECURITY)
