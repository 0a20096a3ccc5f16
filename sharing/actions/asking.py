"""What staff are asked: to make an image public, to look into one of somebody else, to allow more offers a day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import permissions
from accounts.errors import Conflict, wrong
from accounts.models import Account, User
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, get_image
from sharing import case_letters
from sharing.actions.cases import close_case, open_case
from sharing.actions.changes import record_image
from sharing.limits import offers_per_day
from sharing.models import Case, Report
from sharing.rules import open_refusal, rules_of

ONE_DAY = timedelta(days=1)


@transaction.atomic
def ask_for_public(image_id: UUID, *, by: Viewer, text: str = "") -> Case:
    """Ask staff to put an image in everybody's list.

    Args:
        text: why, for staff.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: only an admin of its owner asks.
        Conflict: it is public, has been asked for, is not active, or the organization does not allow it.
        ValidationError: the person has asked staff too often today.
    """
    image = get_image(by, image_id, Verb.ASK_FOR_PUBLIC, lock=True)
    if reason := why_not_ask_for_public(image):
        raise Conflict(reason)
    _check_daily_limit(by.user)
    case = open_case(Case.Kind.PUBLIC, image, by.user, text=text)
    record_image("public requested", image, by, reason=text)
    case_letters.opened(case)
    return case


def why_not_ask_for_public(image: Image) -> str:
    """Why nobody can ask for an image to be public just now; empty when an admin of its owner can."""
    if image.visibility == Image.Visibility.PUBLIC:
        return "The image is public already."
    if not image.is_active:
        return "The image is deactivated: nobody could use it."
    if image.cases.waiting().filter(kind=Case.Kind.PUBLIC).exists():
        return "Staff have not answered the last request. Withdraw it to ask again."
    return open_refusal(rules_of(image.account))


@transaction.atomic
def withdraw_public_request(image_id: UUID, *, by: Viewer) -> Case:
    """Take the request back that staff have not answered.

    Raises:
        Http404, PermissionDenied: as ``ask_for_public``.
        Conflict: nothing waits.
    """
    image = get_image(by, image_id, Verb.ASK_FOR_PUBLIC, lock=True)
    case = image.cases.waiting().filter(kind=Case.Kind.PUBLIC).first()
    if case is None:
        raise Conflict("There is no request that waits: staff have answered it, or somebody has withdrawn it.")
    close_case(case, Case.Status.WITHDRAWN, by.user)
    record_image("public request withdrawn", image, by)
    return case


@transaction.atomic
def report_image(image_id: UUID, *, by: Viewer, reason: str, text: str = "") -> Report:
    """Tell staff of an image of somebody else. All reports of it that wait are one case; its owner is not told.

    Args:
        reason: of ``Report.Reason``.

    Raises:
        Http404: the viewer cannot see the image.
        Conflict: it is the viewer's own account's, or they have reported it and staff have not decided yet.
        ValidationError: the person has told staff too much today.
    """
    image = get_image(by, image_id, Verb.REPORT, lock=True)
    case = image.cases.waiting().filter(kind=Case.Kind.REPORT).first()
    if refusal := why_not_report(by, image, case):
        raise Conflict(refusal)
    _check_daily_limit(by.user)
    is_new = case is None
    case = case or open_case(Case.Kind.REPORT, image, by.user)
    report = Report.objects.create(
        case=case, reason=reason, text=text, reported_by=by.user, reported_at=timezone.now(), account=by.account
    )
    record_image("reported", image, by, reason=report.get_reason_display())
    if is_new:
        case_letters.opened(case)
    return report


def why_not_report(by: Viewer, image: Image, case: Case | None = None) -> str:
    """Why the viewer cannot report an image that they see; empty when they can.

    Args:
        case: about the reports of it that wait.
    """
    if image.account_id == by.account.pk:
        return "This image is your account's own: deactivate or delete it instead."
    if case and case.reports.filter(reported_by=by.user).exists():
        return "You have reported this image already. You are told when staff have decided."
    return ""


def _check_daily_limit(person: User) -> None:
    since = timezone.now() - ONE_DAY
    asked = Case.objects.filter(kind=Case.Kind.PUBLIC, opened_by=person, opened_at__gt=since).count()
    made = asked + Report.objects.filter(reported_by=person, reported_at__gt=since).count()
    if made >= settings.CASES_PER_DAY:
        raise ValidationError(
            f"You have sent staff {made} reports and requests today, which is as many as they can look into. "
            "Try again tomorrow.",
            code="too_many",
        )


@transaction.atomic
def ask_for_offers(*, by: Viewer, wanted: int, text: str) -> Case:
    """Ask staff to let the account make more offers a day.

    Args:
        wanted: how many it wants to make.
        text: what for; for staff.

    Raises:
        Http404: the person is no longer in the account.
        PermissionDenied: only an admin asks.
        Conflict: staff have not answered the last request.
        ValidationError: that many are allowed already.
    """
    account = permissions.lock(by.account, by=by, verb=permissions.Verb.ASK_FOR_MORE)
    if why_not_ask_for_offers(account):
        raise Conflict(why_not_ask_for_offers(account))
    allowed = offers_per_day(account)
    if wanted <= allowed:
        raise wrong("wanted", f"The account may make {allowed} offers a day already. Enter more.", "not_more")
    case = Case.objects.create(
        kind=Case.Kind.OFFERS,
        account=account,
        offers_per_day=wanted,
        text=text,
        opened_by=by.user,
        opened_at=timezone.now(),
    )
    _record_of_account("more offers requested", account, by.user, wanted=wanted, reason=text)
    case_letters.opened(case)
    return case


@transaction.atomic
def withdraw_offers_request(*, by: Viewer) -> Case:
    """Take the request back that staff have not answered.

    Raises:
        Http404, PermissionDenied: as ``ask_for_offers``.
        Conflict: nothing waits.
    """
    account = permissions.lock(by.account, by=by, verb=permissions.Verb.ASK_FOR_MORE)
    case = account.cases.waiting().filter(kind=Case.Kind.OFFERS).first()
    if case is None:
        raise Conflict("There is no request that waits: staff have answered it, or somebody has withdrawn it.")
    close_case(case, Case.Status.WITHDRAWN, by.user)
    _record_of_account("more offers request withdrawn", account, by.user)
    return case


def why_not_ask_for_offers(account: Account) -> str:
    """Why nobody can ask for more offers a day just now; empty when an admin can."""
    if account.cases.waiting().filter(kind=Case.Kind.OFFERS).exists():
        return "Staff have not answered the last request. Withdraw it to ask for another number."
    return ""


def _record_of_account(verb: str, account: Account, by: User, **detail: Any) -> None:
    record(
        verb,
        subject_kind="account",
        subject_id=account.number,
        subject_name=account.title,
        by=by,
        account=account,
        **detail,
    )
