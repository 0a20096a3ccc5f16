"""Asking staff for a larger quota, and what staff say to it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Account, Event, User
from accounts.permissions import OWN, Verb, is_own, lock, lock_rows
from accounts.records import record
from accounts.viewer import Viewer
from images import hooks, letters
from images.models import Quota, QuotaRequest
from images.permissions import may_set_quotas
from images.quotas import Counted, Limits, limits_of, wanted_by, why_not_ask, write_limits


@transaction.atomic
def request_quota(*, by: Viewer, wanted: Limits, reason: str) -> QuotaRequest:
    """Ask staff for more image data or more images.

    Args:
        wanted: what the account wants to have altogether; None, or nothing, where it wants no more.
        reason: for staff.

    Raises:
        Http404: the person is no longer in the account.
        PermissionDenied: only an admin asks.
        Conflict: the last request has not been answered, or there is no limit.
    """
    account = lock(by.account, by=by, verb=Verb.ASK_FOR_MORE)
    if refusal := why_not_ask(limits_of(account), account.quota_requests.waiting().first()):
        raise Conflict(refusal)
    asked = QuotaRequest.objects.create(
        account=account,
        requested_by=by.user,
        requested_at=timezone.now(),
        bytes=wanted.get(Counted.BYTES),
        images=wanted.get(Counted.IMAGES),
        reason=reason,
    )
    _record("quota requested", account, by, wanted=write_limits(wanted_by(asked)), reason=reason)
    hooks.quota_request_changed.ask(asked, by.user)
    letters.quota_requested(asked)
    return asked


@transaction.atomic
def withdraw_quota_request(request_id: int, *, by: Viewer) -> QuotaRequest:
    """Take a request back that staff have not answered.

    Raises:
        Http404: the account has made no such request.
        PermissionDenied: only an admin takes it back.
        Conflict: it has been answered, or taken back already.
    """
    account = lock(by.account, by=by, verb=Verb.ASK_FOR_MORE)
    asked = account.quota_requests.filter(pk=request_id).first()
    if asked is None:
        raise Http404
    _decide(asked, QuotaRequest.Status.WITHDRAWN, by.user)
    _record("quota request withdrawn", account, by)
    return asked


@transaction.atomic
def end_quota_requests_of(account: Account, *, by: Viewer) -> None:
    """Take back what an account that is being closed has asked for: nobody is left whom an answer would help."""
    for asked in account.quota_requests.waiting():
        _decide(asked, QuotaRequest.Status.WITHDRAWN, by.user)
        _record("quota request withdrawn", account, by)


@transaction.atomic
def set_quota(account: Account, *, by: User, limits: Limits, note: str = "") -> Quota:
    """Set what an account may have. Less than it has is allowed: nothing is deleted, and nothing new is taken.

    Args:
        limits: None, or nothing, as for everybody.
        note: why; for staff.

    Raises:
        PermissionDenied: the person is not staff who may change quotas, or is in the account themselves.
    """
    _require_staff(by, account)
    lock_rows([account.pk])
    before = limits_of(account)
    quota = _saved(account, limits, note)
    after = limits_of(account)
    if before != after:
        _record("quota changed", account, by, **_change(before, after))
    return quota


@transaction.atomic
def grant_quota_request(request_id: int, *, by: User) -> QuotaRequest:
    """Give an account what it asked for. What staff have set meanwhile stays where it is more.

    Raises:
        Http404: there is no such request.
        PermissionDenied: the person is not staff who may change quotas, or is in the account themselves.
        Conflict: it has been answered or taken back already.
    """
    asked = _locked(request_id, by)
    _decide(asked, QuotaRequest.Status.GRANTED, by)
    before = limits_of(asked.account)
    own = Quota.objects.filter(account=asked.account).first() or Quota(account=asked.account)
    limits: dict[Counted, int | None] = {counted: getattr(own, counted) for counted in Counted}
    for counted, wanted in wanted_by(asked).items():
        limit = before[counted]
        if limit is not None and wanted > limit:
            limits[counted] = wanted
    _saved(asked.account, limits, own.note)
    after = limits_of(asked.account)
    _record("quota request granted", asked.account, by, **_change(before, after))
    letters.quota_request_granted(asked, {counted: after[counted] for counted in wanted_by(asked)})
    return asked


@transaction.atomic
def refuse_quota_request(request_id: int, *, by: User, answer: str) -> QuotaRequest:
    """Say no to a request, and why.

    Raises:
        Http404, PermissionDenied, Conflict: as ``grant_quota_request``.
    """
    asked = _locked(request_id, by)
    _decide(asked, QuotaRequest.Status.REFUSED, by, answer=answer)
    _record("quota request refused", asked.account, by, reason=answer)
    letters.quota_request_refused(asked)
    return asked


def _require_staff(by: User, account: Account | None = None) -> None:
    if not may_set_quotas(by):
        raise PermissionDenied("Only staff who may change quotas can do this.")
    if account is not None and is_own(by, account):
        raise PermissionDenied(OWN.format(account.title))


def _locked(request_id: int, by: User) -> QuotaRequest:
    """A request, with the row of its account taken: whoever asks, takes back or answers waits there."""
    _require_staff(by)
    found = QuotaRequest.objects.filter(pk=request_id).select_related("account").first()
    if found is None:
        raise Http404
    _require_staff(by, found.account)
    lock_rows([found.account_id])
    return QuotaRequest.objects.select_related("account", "requested_by").get(pk=request_id)


def _decide(asked: QuotaRequest, status: str, by: User, *, answer: str = "") -> None:
    if not asked.is_open:
        raise Conflict(f"This request is no longer open: {asked.get_status_display().lower()}.")
    asked.status, asked.decided_at, asked.decided_by, asked.answer = status, timezone.now(), by, answer
    asked.save(update_fields=["status", "decided_at", "decided_by", "answer"])
    hooks.quota_request_changed.ask(asked, by)


def _saved(account: Account, limits: Limits, note: str) -> Quota:
    columns: dict[str, Any] = {counted.value: limits.get(counted) for counted in Counted}
    quota, _made = Quota.objects.update_or_create(account=account, defaults=columns | {"note": note})
    return quota


def _change(before: Limits, after: Limits) -> dict[str, str]:
    """What an event tells of a change: the limits that are others now."""
    changed = [counted for counted in Counted if before[counted] != after[counted]]
    sides = {"old": before, "new": after}
    return {side: write_limits({each: limits[each] for each in changed}) for side, limits in sides.items() if changed}


def _record(verb: str, account: Account, by: Viewer | User, **detail: Any) -> Event:
    actor = by.user if isinstance(by, Viewer) else by
    name, number = account.title, account.number
    return record(
        verb, subject_kind="account", subject_id=number, subject_name=name, by=actor, account=account, **detail
    )
