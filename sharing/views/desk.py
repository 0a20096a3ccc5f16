"""The review desk: pages of staff, below no account. For everybody else there is none."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

import accounts.actions
from accounts.middleware import SignedInRequest
from sharing.actions import desk as actions
from sharing.desk import ICONS, CasePage, Shown, approvals, counts_of, queue_of
from sharing.forms import CaseAnswerForm
from sharing.models import Case
from sharing.permissions import require_reviewer

P = ParamSpec("P")
View = Callable[Concatenate[SignedInRequest, P], HttpResponse]


def for_reviewers(view: View[P]) -> View[P]:
    """Answer 404 to everybody who is not staff with the right to review cases."""

    @wraps(view)
    def wrapped(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        require_reviewer(request.user)
        return view(request, *args, **kwargs)

    return wrapped


@require_safe
@for_reviewers
def review_desk(request: SignedInRequest) -> HttpResponse:
    """What waits for staff, the oldest first."""
    shown = _one_of(Shown, request.GET.get("show", ""), Shown.WAITING)
    kind = request.GET.get("kind", "") if request.GET.get("kind") in Case.Kind.values else ""
    after = request.GET.get("after", "")
    counts = counts_of(request.user)
    context: dict[str, Any] = {"shown": shown, "kind": kind, "tabs": _tabs(shown, counts)}
    if shown is Shown.APPROVALS:
        context["approvals"] = approvals()
    else:
        queue = queue_of(request.user, shown, kind, int(after[:18]) if after.isascii() and after.isdigit() else None)
        older = _address(show=shown, kind=kind, after=queue.after) if queue.after else ""
        context |= {"rows": queue.rows, "older": older, "kinds": _kinds(shown, kind, counts)}
    return render(request, "sharing/desk/queue.html", context)


def _one_of(choices: type[Shown], text: str, otherwise: Shown) -> Shown:
    return choices(text) if text in list(choices) else otherwise


def _address(**parameters: object) -> str:
    given = {name: str(value) for name, value in parameters.items() if value and value != Shown.WAITING}
    return f"{reverse('review_desk')}?{urlencode(given)}" if given else reverse("review_desk")


def _tabs(shown: Shown, counts: dict[str, int]) -> list[dict[str, Any]]:
    labels = {Shown.WAITING: "Waiting", Shown.MINE: "Mine", Shown.DECIDED: "Decided", Shown.APPROVALS: "Approvals"}
    return [
        {"label": label, "href": _address(show=each), "count": counts.get(each), "current": each is shown}
        for each, label in labels.items()
    ]


def _kinds(shown: Shown, chosen: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    every = {"label": "All kinds", "icon": "list", "href": _address(show=shown), "count": None, "current": not chosen}
    counted = counts if shown is Shown.WAITING else {}
    return [
        every,
        *(
            {
                "label": kind.label,
                "icon": ICONS[kind],
                "href": _address(show=shown, kind=kind),
                "count": counted.get(kind),
                "current": kind == chosen,
            }
            for kind in Case.Kind
        ),
    ]


@require_safe
def review_case(request: SignedInRequest, pk: int) -> HttpResponse:
    """One case, with everything needed to decide. That staff look at a private image is an event."""
    return _case_page(request, actions.look_at(pk, by=request.user), CaseAnswerForm())


def _case_page(request: SignedInRequest, case: Case, form: CaseAnswerForm) -> HttpResponse:
    context = {"page": CasePage(case, request.user), "case": case, "form": form}
    return render(request, "sharing/desk/case.html", context, status=422 if form.errors else 200)


@require_POST
def review_take(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a case, and open it."""
    actions.take(pk, by=request.user)
    return redirect("review_case", pk)


@require_POST
def review_give_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let somebody else decide."""
    case = actions.give_back(pk, by=request.user)
    return _done(request, f"“{case.title}” waits for somebody to take it.")


@require_POST
def review_approve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Do what is asked for."""
    return _decide(request, pk, actions.approve)


@require_POST
def review_reject(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say no, and why."""
    return _decide(request, pk, actions.reject)


@require_POST
def review_unlist(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take an image out of the marketplace, and say why."""
    return _decide(request, pk, actions.unlist)


@for_reviewers
def _decide(request: SignedInRequest, pk: int, operation: Callable[..., Case]) -> HttpResponse:
    """Run an operation with the answer from the form; where it lacks one, show the case again with what was typed."""
    form = CaseAnswerForm(request.POST)
    if form.is_valid():
        try:
            case = operation(pk, by=request.user, answer=form.cleaned_data["answer"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, f"“{case.title}”: {case.verdict.lower()}.")
    return _case_page(request, actions.look_at(pk, by=request.user), form)


@require_POST
def review_deactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let nobody use the image while staff look into it."""
    case = actions.deactivate_at_once(pk, by=request.user)
    messages.success(request, f"“{case.title}” is deactivated. The case is still yours to decide.")
    return redirect("review_case", pk)


@require_POST
def review_reactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let the image be used again."""
    case = actions.reactivate_again(pk, by=request.user)
    messages.success(request, f"“{case.title}” can be used again.")
    return redirect("review_case", pk)


@require_POST
def review_verify(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say that the account of a case is who its name says."""
    account = accounts.actions.verify(actions.look_at(pk, by=request.user).account, by=request.user)
    messages.success(request, f"{account.title} is verified.")
    return redirect("review_case", pk)


@require_POST
def review_unverify(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take that back."""
    account = accounts.actions.unverify(actions.look_at(pk, by=request.user).account, by=request.user)
    messages.success(request, f"{account.title} is verified no longer.")
    return redirect("review_case", pk)


def _done(request: SignedInRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("review_desk")
