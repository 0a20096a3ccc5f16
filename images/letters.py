"""Who is told what, in the panel and by mail. The words are in templates/images/letters."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.records import notify
from images.models import Image, PlannedChange, QuotaRequest, Upload
from images.quotas import Limits, levels_of, wanted_by, write_limits

# Who has waited no longer than this for an image still looks at the page.
PATIENCE = timedelta(minutes=1)
ONE_DAY = timedelta(days=1)
ANY_PERMISSIONS = "django.contrib.auth.backends.ModelBackend"


# --- Images and their data --------------------------------------------------------------------------


def image_came(upload: Upload, image: Image) -> None:
    """Tell whoever planned an image that it is there."""
    _tell_planner("image_came", upload, path=_page_of(image), image=image)


def upload_stopped(upload: Upload) -> None:
    """Tell whoever waits for an image that it does not come by itself; why stands on the upload."""
    _tell_planner("upload_stopped", upload, path=reverse("image_list", kwargs={"number": upload.account.number}))


def data_damaged(image: Image, damage: str) -> None:
    """Tell the admins of an image's account that nobody gets it for now."""
    _tell(
        "data_damaged", _admins_of(image.account_id), path=_page_of(image), image=image, account=image.account,
        damage=damage,
    )  # fmt: skip


def data_right_again(image: Image) -> None:
    """Tell them that it is whole."""
    _tell("data_right_again", _admins_of(image.account_id), path=_page_of(image), image=image, account=image.account)


def planned_not_done(planned: PlannedChange) -> None:
    """Tell the admins of an image's account that what was planned did not happen, and why."""
    image = planned.image
    _tell("planned_not_done", _admins_of(image.account_id), path=_page_of(image), image=image, planned=planned)


def _tell_planner(name: str, upload: Upload, *, path: str, **context: Any) -> None:
    if timezone.now() - upload.created_at >= PATIENCE and upload.created_by.is_active:
        _tell(name, [upload.created_by], path=path, upload=upload, account=upload.account, **context)


def _page_of(image: Image) -> str:
    return reverse("image_detail", kwargs={"number": image.account.number, "pk": image.pk})


# --- Quotas -----------------------------------------------------------------------------------------


def quota_requested(asked: QuotaRequest) -> None:
    """Tell the staff who decide; not again when the account has taken another request back within a day.

    They meet that one in the list, and who asks and takes back must not fill anybody's mailbox.
    """
    earlier = asked.account.quota_requests.filter(status=QuotaRequest.Status.WITHDRAWN)
    if earlier.filter(requested_at__gt=timezone.now() - ONE_DAY).exists():
        return
    path = reverse("admin:images_quotarequest_change", args=[asked.pk])
    levels = [levels_of(asked.account)[counted] for counted in wanted_by(asked)]
    _tell_of_request("quota_requested", quota_staff(), path=path, asked=asked, levels=levels)


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
    page = reverse("account_detail", kwargs={"number": asked.account.number})
    _tell_of_request(name, _admins_of(asked.account_id), path=f"{page}#quota", asked=asked, **context)


def _tell_of_request(name: str, people: Iterable[User], *, path: str, asked: QuotaRequest, **context: Any) -> None:
    wanted = write_limits(wanted_by(asked))
    _tell(name, people, path=path, asked=asked, account=asked.account, wanted=wanted, **context)


# --- Both -------------------------------------------------------------------------------------------


def _admins_of(account_id: int) -> "QuerySet[User]":
    return User.objects.filter(memberships__in=Membership.objects.deciding_for(account_id))


def _tell(name: str, people: Iterable[User], *, path: str, **context: Any) -> None:
    """The first line of a letter is its subject, and what follows is its body."""
    text = render_to_string(f"images/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    notify(people, subject=subject.strip(), body=body.strip(), path=path)
