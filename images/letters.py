"""Who is told what about quotas, in the panel and by mail. The words are in templates/images/letters."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.records import notify
from images.models import QuotaRequest
from images.quotas import Limits, levels_of, wanted_by, write_limits

ONE_DAY = timedelta(days=1)
ANY_PERMISSIONS = "django.contrib.auth.backends.ModelBackend"


def quota_requested(asked: QuotaRequest) -> None:
    """Tell the staff who decide; not again when the account has taken another request back within a day.

    They meet that one in the list, and who asks and takes back must not fill anybody's mailbox.
    """
    earlier = asked.account.quota_requests.filter(status=QuotaRequest.Status.WITHDRAWN)
    if earlier.filter(requested_at__gt=timezone.now() - ONE_DAY).exists():
        return
    path = reverse("admin:images_quotarequest_change", args=[asked.pk])
    levels = [levels_of(asked.account)[counted] for counted in wanted_by(asked)]
    _tell("quota_requested", quota_staff(), path=path, asked=asked, levels=levels)


def quota_request_granted(asked: QuotaRequest, limits: Limits) -> None:
    """Tell the admins of the account.

    Args:
        limits: what it may have now.
    """
    _tell_admins("quota_request_granted", asked, limits=write_limits(limits))


def quota_request_refused(asked: QuotaRequest) -> None:
    """Tell the admins of the account, with the answer."""
    _tell_admins("quota_request_refused", asked)


def quota_staff() -> "QuerySet[User]":
    """The people of ``may_set_quotas``, in one query."""
    return User.objects.with_perm("images.change_quota", backend=ANY_PERMISSIONS).filter(is_staff=True)


def _tell_admins(name: str, asked: QuotaRequest, **context: Any) -> None:
    admins = User.objects.filter(memberships__in=Membership.objects.deciding_for(asked.account_id))
    page = reverse("account_detail", kwargs={"number": asked.account.number})
    _tell(name, admins, path=f"{page}#quota", asked=asked, **context)


def _tell(name: str, people: Iterable[User], *, path: str, asked: QuotaRequest, **context: Any) -> None:
    """The first line of a letter is its subject, and what follows is its body."""
    context |= {"asked": asked, "account": asked.account, "wanted": write_limits(wanted_by(asked))}
    text = render_to_string(f"images/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    notify(people, subject=subject.strip(), body=body.strip(), path=path)
