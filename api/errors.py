"""How the API says no: one reading of what actions raise, and the two forms in which services answer."""

import html
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError

from accounts.errors import Conflict
from images.formats import RefusedImage
from images.outside import RefusedAddress
from images.problems import Busy, DataProblem, QuotaExceeded, StoreFull, WrongChecksum
from images.transfers.slots import RETRY_SECONDS

# RFC 9110 names the status in a word or two; Keystone and Glance use these.
TITLES = {status.value: status.phrase for status in HTTPStatus} | {413: "Request Entity Too Large", 460: "Wrong Part"}
NOT_SIGNED_IN = "The request you have made requires authentication."

# What actions raise, with what to say where they give no reason.
MEANINGS: dict[type[Exception], tuple[int, str]] = {
    Http404: (404, "The resource could not be found."),
    PermissionDenied: (403, "You are not authorized to complete this action."),
    Conflict: (409, "The resource is not in the state that this needs."),
    RequestDataTooBig: (413, "The body of the request is too large."),
    SuspiciousOperation: (400, "The request cannot be understood."),
    UnreadablePostError: (400, "The line broke before the whole body had come."),  # nobody is there to read this
}

# Problems with image data that Glance answers otherwise than our pages (glance/api/v2/image_data.py).
STATUSES: dict[type[DataProblem], int] = {
    QuotaExceeded: 413,
    StoreFull: 413,
    RefusedImage: 415,
    WrongChecksum: 400,
    RefusedAddress: 400,
}


class Refusal(Exception):
    """An answer that is no success.

    Args:
        headers: more headers of the answer.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def refusal_of(error: Exception) -> Refusal | None:
    """What an error means to a program; None for one that nobody expected."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ValidationError):
        return Refusal(400, sentence_of(error))
    if isinstance(error, DataProblem):
        return _refusal_of_data(error)
    found = next((said for kind, said in MEANINGS.items() if isinstance(error, kind)), None)
    return Refusal(found[0], str(error) or found[1]) if found else None


def _refusal_of_data(problem: DataProblem) -> Refusal:
    status = next((status for kind, status in STATUSES.items() if isinstance(problem, kind)), problem.status)
    headers = {"Retry-After": str(RETRY_SECONDS)} if isinstance(problem, Busy) else None
    return Refusal(status, str(problem), headers)


def sentence_of(error: ValidationError) -> str:
    """Everything that is wrong, each field before what is wrong with it."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())


def identity_error(refusal: Refusal) -> HttpResponse:
    """As Keystone answers: JSON, whatever was asked for."""
    said = {"code": refusal.status, "message": refusal.message, "title": TITLES.get(refusal.status, "Error")}
    return JsonResponse({"error": said}, status=refusal.status, headers=refusal.headers)


def image_error(refusal: Refusal, *, accept: str) -> HttpResponse:
    """As Glance answers: text, HTML or JSON, by the Accept header (wire contract, rule 12)."""
    title = TITLES.get(refusal.status, "Error")
    line = f"{refusal.status} {title}"
    if "application/json" in accept:
        said = {"message": f"{html.escape(refusal.message)}<br /><br />\n\n\n", "code": line, "title": title}
        return JsonResponse(said, status=refusal.status, headers=refusal.headers)
    if accept and ("*/*" in accept or "text/html" in accept):
        text = (
            f"<html>\n <head>\n  <title>{line}</title>\n </head>\n <body>\n  <h1>{line}</h1>\n  "
            f"{html.escape(refusal.message)}<br /><br />\n\n\n\n </body>\n</html>"
        )
        return _text(text, "text/html", refusal)
    return _text(f"{line}\n\n{refusal.message}\n\n   ", "text/plain", refusal)


def _text(text: str, kind: str, refusal: Refusal) -> HttpResponse:
    return HttpResponse(text, content_type=f"{kind}; charset=UTF-8", status=refusal.status, headers=refusal.headers)
