"""How views of images answer: messages with Undo, and refusals as JSON for scripts."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from images.problems import Busy, DataProblem
from images.transfers.slots import RETRY_SECONDS

P = ParamSpec("P")
View = Callable[Concatenate[PanelRequest, P], HttpResponseBase]

REFUSALS = (DataProblem, Conflict, PermissionDenied, Http404, ValidationError)


def tell(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Say what happened on the next page.

    Args:
        undo: where a POST takes it back.
    """
    if undo:
        context = {"text": text, "undo_url": undo, "csrf_token": get_token(request)}
        text = render_to_string("components/message_undo.html", context)
    messages.success(request, text)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: also to nothing, when nothing was sent, so that it says what is missing."""
    return request.POST if request.method == "POST" else None


def answers_in_kind(view: View[P]) -> View[P]:
    """Turn every problem with image data into a page for a browser and into JSON for everybody else."""

    @wraps(view)
    def wrapped(request: PanelRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (Conflict, DataProblem) as problem:
            return problem_as_answer(request, problem)

    return wrapped


def problem_as_answer(request: HttpRequest, problem: Conflict | DataProblem) -> HttpResponse:
    """A problem with image data as the client likes to read it: browsers name HTML, scripts take anything."""
    response: HttpResponse = refusal_as_json(problem)
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        context = {"message": str(problem)}
        response = render(request, "images/problem.html", context, status=response.status_code)
    if isinstance(problem, Busy):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def refusal_as_json(refused: Exception) -> JsonResponse:
    """The answer for an error of accounts.errors or images.problems."""
    answer: dict[str, Any] = {"error": str(refused)}
    match refused:
        case DataProblem():
            status, answer["code"] = refused.status, refused.code
        case Conflict():
            status = 409
        case PermissionDenied():
            status = 403
        case ValidationError():
            status, answer["error"] = 400, " ".join(refused.messages)
        case _:
            status, answer["error"] = 404, "This upload is no longer here. Choose the file again."
    return JsonResponse(answer, status=status)
