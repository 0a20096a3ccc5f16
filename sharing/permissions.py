"""Who decides on the review desk. Who may offer, accept and reject stands with images and accounts."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q
from django.http import Http404

from accounts.models import Membership, User
from accounts.permissions import is_own
from images.models import Image
from images.permissions import may_set_quotas
from sharing.models import Case
from sharing.querysets import CaseQuerySet


def may_review(user: User | AnonymousUser) -> bool:
    """Whether somebody sees the review desk: staff with the right to review cases."""
    return user.is_active and user.is_staff and user.has_perm("sharing.review_case")


def cases_for(user: User | AnonymousUser) -> CaseQuerySet:
    """The cases that somebody of the desk sees: those about quotas only when they may change quotas.

    Reports of images of an own account are for others to see: its people are not told who reported them. Of the rest
    it is annotated which are an own account's. An administrator stands above that: there may be nobody else.
    """
    cases = Case.objects.all()
    if not may_set_quotas(user):
        cases = cases.exclude(kind=Case.Kind.QUOTA)
    if user.is_superuser:
        return cases
    own = Exists(Membership.objects.filter(group=OuterRef("account"), user=user.pk))
    return cases.annotate(of_own_account=own).exclude(Q(own), kind=Case.Kind.REPORT)


def require_reviewer(user: User | AnonymousUser) -> None:
    """Refuse everybody else, for whom there is no review desk.

    Raises:
        Http404: they are not staff who may review cases.
    """
    if not may_review(user):
        raise Http404


def decide_refusal(user: User, case: Case) -> str:
    """Why somebody of the desk cannot decide on a case (of ``cases_for``); empty when they can."""
    if not case.is_waiting:
        who = case.decided_by.get_full_name() if case.decided_by else "Somebody"
        return f"{who} has closed this case: {case.verdict.lower()}."
    if case.taken_by and case.taken_by != user:
        return f"{case.taken_by.get_full_name()} has taken this case."
    return own_refusal(case)


def own_refusal(case: Case) -> str:
    """Why somebody of the desk does nothing about a case (of ``cases_for``), whatever its state; empty if they may."""
    text = "This is about your own account: somebody else of the staff has to decide."
    return text if getattr(case, "of_own_account", False) else ""


def give_back_refusal(user: User, case: Case) -> str:
    """Why somebody cannot give a taken case back to all; empty when they can: who took it, or an administrator."""
    if case.status != Case.Status.TAKEN or case.taken_by is None:
        return "Nobody has taken this case."
    if case.taken_by != user and not user.is_superuser:
        return f"{case.taken_by.get_full_name()} has taken this case. Only they, or an administrator, give it back."
    return ""


def is_reviewed_by(user: User, image: Image) -> bool:
    """Whether somebody decides on a case about an image of others, or has decided on one."""
    if not may_review(user) or is_own(user, image.account):
        return False
    cases = image.cases.all()
    return cases.filter(status="open").exists() or cases.filter(taken_by=user).exists()


def may_set_offer_limits(user: User | AnonymousUser) -> bool:
    """Whether somebody says how many offers single accounts make a day: staff with the right to change that."""
    return user.is_active and user.is_staff and user.has_perm("sharing.change_offerlimit")
