"""What staff decide on the review desk, and that they look."""

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils import timezone

import images.actions
from accounts.errors import Conflict, wrong
from accounts.models import User
from accounts.permissions import lock_rows
from accounts.records import record
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from sharing import case_letters, letters
from sharing.actions.cases import close_case, follow_listing
from sharing.actions.changes import decide, record_by_producer, record_image, sync
from sharing.actions.limits import change_offer_limit
from sharing.models import Case, Share
from sharing.permissions import cases_for, decide_refusal, give_back_refusal, own_refusal, require_reviewer
from sharing.rules import open_refusal, rules_of


@transaction.atomic
def look_at(case_id: int, *, by: User) -> Case:
    """Show a case to somebody of the desk. That staff look at an image that not everybody sees is an event.

    Raises:
        Http404: there is no such case, or no review desk for this person.
    """
    require_reviewer(by)
    case = cases_for(by).with_all().filter(pk=case_id).first()
    if case is None:
        raise Http404
    image = case.image
    if image and case.is_waiting and image.is_live and not image.is_open_to_all:
        record_image("looked at for a review", image, _for_owner(by, image))
    return case


@transaction.atomic
def take(case_id: int, *, by: User) -> Case:
    """Say that one decides on a case, so that nobody else begins. Taking it twice changes nothing.

    Raises:
        Http404: as ``look_at``.
        Conflict: somebody else has taken it, or decided.
    """
    case = _locked(case_id, by)
    if reason := decide_refusal(by, case):
        raise Conflict(reason)
    if case.status == Case.Status.OPEN:
        _set_taker(case, by)
        _record("case taken", case, by)
    return case


@transaction.atomic
def give_back(case_id: int, *, by: User) -> Case:
    """Let somebody else decide.

    Raises:
        Http404: as ``look_at``.
        Conflict: nobody has taken it, or somebody else has and this is not an administrator.
    """
    case = _locked(case_id, by)
    if reason := give_back_refusal(by, case):
        raise Conflict(reason)
    _set_taker(case, None)
    _record("case given back", case, by)
    return case


@transaction.atomic
def approve(case_id: int, *, by: User, answer: str = "") -> Case:
    """Do what is asked for: make public, list in the marketplace, grant; or uphold a report and deactivate the image.

    Args:
        answer: for whoever asked; for the owner of an image whose report is upheld.

    Raises:
        Http404: as ``look_at``.
        Conflict: somebody else has taken it or decided, or the organization has forbidden it meanwhile.
    """
    case = _decidable(case_id, by)
    match case.kind:
        case Case.Kind.PUBLIC:
            _publish(case, by)
        case Case.Kind.MARKETPLACE:
            _decide_offer(case, Share.Status.ACCEPTED, by, "")
        case Case.Kind.REPORT:
            images.actions.deactivate_for_owner(_image_of(case).pk, by=by)
        case Case.Kind.OFFERS:
            change_offer_limit(case.account, case.offers_per_day, by, note=f"Case {case.pk}")
        case Case.Kind.QUOTA:
            images.actions.grant_quota_request(_request_of(case), by=by)
            return _fresh(case)
    return _finish(case, Case.Status.APPROVED, by, answer)


@transaction.atomic
def reject(case_id: int, *, by: User, answer: str) -> Case:
    """Say no, and why. A report that is not upheld changes nothing; what was deactivated for it is reactivated.

    Raises:
        Http404, Conflict: as ``approve``.
        ValidationError: there is no answer, without which nobody knows what to do better.
    """
    if not answer.strip():
        raise wrong("answer", "Say why, so that whoever asked knows what to do.", "required")
    case = _decidable(case_id, by)
    match case.kind:
        case Case.Kind.MARKETPLACE:
            _decide_offer(case, Share.Status.REJECTED, by, answer)
        case Case.Kind.REPORT if _image_of(case).deactivated_by_staff:
            images.actions.reactivate_for_owner(_image_of(case).pk, by=by)
        case Case.Kind.QUOTA:
            images.actions.refuse_quota_request(_request_of(case), by=by, answer=answer)
            return _fresh(case)
    return _finish(case, Case.Status.REJECTED, by, answer)


@transaction.atomic
def deactivate_at_once(case_id: int, *, by: User) -> Case:
    """Let nobody boot or copy the image of a case while staff look into it. Its owner cannot reactivate it.

    Raises:
        Http404: as ``look_at``; or the case is about no image.
        Conflict: somebody else has taken it or decided.
    """
    case = _decidable(case_id, by)
    images.actions.deactivate_for_owner(_image_of(case).pk, by=by)
    case_letters.image_deactivated(case)
    return case


@transaction.atomic
def reactivate_again(case_id: int, *, by: User) -> Case:
    """Let an image be used again that was deactivated for a case, also after the decision.

    Raises:
        Http404, Conflict: as ``deactivate_at_once``.
    """
    case = _locked(case_id, by)
    if reason := decide_refusal(by, case) if case.is_waiting else own_refusal(case):
        raise Conflict(reason)
    images.actions.reactivate_for_owner(_image_of(case).pk, by=by)
    return case


@transaction.atomic
def unlist(case_id: int, *, by: User, answer: str) -> Case:
    """Take an image out of the marketplace that was accepted by this case. Its owner can offer it again.

    Raises:
        Http404: as ``look_at``.
        Conflict: it is not listed by this case.
        ValidationError: there is no answer.
    """
    if not answer.strip():
        raise wrong("answer", "Say why, so that the producer knows what to do.", "required")
    case = _locked(case_id, by)
    if reason := own_refusal(case) or why_not_unlist(case):
        raise Conflict(reason)
    _decide_offer(case, Share.Status.REJECTED, by, answer)
    _record("case reopened", case, by, reason=answer)
    return case


def why_not_unlist(case: Case) -> str:
    """Why an image cannot be taken out of the marketplace by this case; empty when it can."""
    is_accepted = case.share is not None and case.share.status == Share.Status.ACCEPTED
    return "" if is_accepted else "This image is not in the marketplace by this case."


def _publish(case: Case, by: User) -> None:
    image = _image_of(case)
    if reason := open_refusal(rules_of(image.account)):
        raise Conflict(reason)
    images.actions.publish(image.pk, by=by)


def _decide_offer(case: Case, status: Share.Status, by: User, reason: str) -> None:
    """Accept or reject the offer to the marketplace: the image follows it, and the producer is told as by anybody."""
    share, image = case.share, _image_of(case)
    if share is None:
        raise Conflict("The producer has taken this offer back.")
    share.image = image
    if status == Share.Status.ACCEPTED and (refusal := open_refusal(rules_of(image.account))):
        raise Conflict(refusal)
    acting = _for_owner(by, image)
    decide(share, status, by)
    share.reason = reason
    share.save()
    sync(share)
    record_by_producer(str(status.value), share, acting, reason=reason)
    follow_listing(image, acting)
    letters.accepted(share, acting) if status == Share.Status.ACCEPTED else letters.rejected(share, acting)


def _for_owner(by: User, image: Image) -> Viewer:
    """Somebody of the staff as one who acts for the owner of an image: its activity shows their login."""
    return Viewer(by, image.account, Role.ADMIN, ())


def _finish(case: Case, status: Case.Status, by: User, answer: str) -> Case:
    """Close a case about an image, unless what was done has closed it, and tell whoever waits for it."""
    close_case(case, status, by, answer=answer)
    _record(f"case {status.label.lower()}", case, by, reason=answer)
    case_letters.decided(case)
    return case


def _set_taker(case: Case, taker: User | None) -> None:
    case.status = Case.Status.TAKEN if taker else Case.Status.OPEN
    case.taken_by, case.taken_at = taker, timezone.now() if taker else None
    case.save(update_fields=["status", "taken_by", "taken_at"])


def _locked(case_id: int, by: User) -> Case:
    """A case, with the row taken that all who change it take first."""
    require_reviewer(by)
    found = cases_for(by).filter(pk=case_id).first()
    if found is None:
        raise Http404
    image = None
    if found.image_id:
        images_ = Image.objects.select_for_update(of=("self",)).select_related("account", "data", "region")
        image = images_.get(pk=found.image_id)
    else:
        lock_rows([found.account_id])
    case = cases_for(by).with_all().get(pk=case_id)
    if image:
        case.image = image
    return case


def _decidable(case_id: int, by: User) -> Case:
    case = _locked(case_id, by)
    if reason := decide_refusal(by, case):
        raise Conflict(reason)
    return case


def _image_of(case: Case) -> Image:
    if case.image is None:
        raise Http404
    return case.image


def _request_of(case: Case) -> int:
    assert case.quota_request_id, "A case about a quota has its request (case_about_a_quota_has_its_request)."
    return case.quota_request_id


def _fresh(case: Case) -> Case:
    return Case.objects.with_all().get(pk=case.pk)


def _record(verb: str, case: Case, by: User, **detail: Any) -> None:
    """Write down what staff do among themselves: it belongs to no account, and only they see it."""
    record(verb, subject_kind="case", subject_id=case.pk, subject_name=str(case), by=by, **detail)
