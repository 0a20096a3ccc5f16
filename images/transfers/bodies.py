"""Reading the bodies of upload requests: large, in big chunks, and only after rights and origin are checked."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware

from images.problems import BrokenUpload, DataProblem, LengthRequired, UnreadableForm
from images.streams import too_large
from images.transfers.slots import slot_for

CHUNK = 1024 * 1024  # bytes asked for at once; gunicorn then fills them with few system calls
SMALLEST_CHUNK = 16 * 1024  # bytes
CHUNK_SECONDS = 2  # what takes longer to come is asked for in smaller chunks: a line that breaks loses all of a chunk
LINE_BROKE = "The line broke before the whole file had come. Try again."
FORM_ALLOWANCE = 1024 * 1024  # bytes of a multipart form that are not the file

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Sink(Protocol[T_co]):
    """What the file of a form goes into, like ``images.actions.Reception``: a context that keeps or drops the bytes."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""

    def complete(self) -> T_co:
        """Say that all of it has come; gives what has become of it."""


class Stream(Protocol):
    """What request bodies are read from."""

    def read(self, size: int, /) -> bytes: ...


# --- Raw bodies -------------------------------------------------------------------------------------


def raw_chunks(request: HttpRequest, *, max_bytes: int, chunk_size: int = CHUNK) -> Iterator[bytes]:
    """The body of a request, chunk by chunk, with or without a declared length.

    What can be known from the headers is checked at once, before a byte is read.

    Args:
        request: a request whose body nobody has touched.
        max_bytes: refuse a body that says it is longer. One of unknown length is measured by the receiver.
        chunk_size: bytes of the largest chunk; see ``Line``.

    Raises:
        TooLarge: the declared length is over the limit.
        LengthRequired: neither a length nor chunks are declared.
        BrokenUpload: while iterating, if the body ends early.
    """
    length = declared_length(request)
    if length is not None and length > max_bytes:
        raise too_large(max_bytes)
    if length is None:
        # Django gives an empty stream when there is no length, but gunicorn ends chunked bodies by itself.
        return _until_end(Line(request.META["wsgi.input"], chunk_size))
    return _exactly(Line(request, chunk_size), length)


def declared_length(request: HttpRequest) -> int | None:
    """The length of the body in bytes, or None when it comes in chunks (RFC 9112 section 6).

    Raises:
        LengthRequired: the request says neither.
    """
    if (text := request.META.get("CONTENT_LENGTH", "")).isdecimal():
        return int(text)
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if chunked and request.META.get("wsgi.input_terminated"):
        return None
    raise LengthRequired("Say how long the file is, with a Content-Length header.")


@contextmanager
def receiving(request: HttpRequest) -> Iterator[None]:
    """Hold a slot while a body comes. A client that is refused while it sends hears why.

    Raises:
        Busy: all slots are taken.
    """
    with slot_for(request):
        try:
            yield
        except BrokenUpload:
            raise  # there is nothing more to read
        except Exception:
            discard_rest(request)
            raise


def discard_rest(request: HttpRequest, *, max_bytes: int = 64 * CHUNK) -> None:
    """Read on and throw away, so that a client that is still sending hears why it was refused.

    A server that closes a connection while data arrives resets it, and many clients then show "network error"
    instead of the answer (RFC 9112 section 9.6).
    """
    stream: Stream = request.META["wsgi.input"] if request.META.get("wsgi.input_terminated") else request
    with suppress(Exception):  # the answer matters more than how the line ends
        for _ in range(max_bytes // CHUNK):
            if not stream.read(CHUNK):
                return


class Line:
    """Reads a body in chunks that come within a second or two each, whatever the speed of the line.

    A read gives back all bytes that it was asked for or none: when a line breaks, what has come of the last chunk is
    lost. In chunks of 1 MiB, a line of 20 KiB a second that breaks every minute would never get anywhere.
    """

    def __init__(self, stream: Stream, largest: int) -> None:
        self.done = 0  # bytes
        self._stream = stream
        self._largest = largest
        self._size = min(SMALLEST_CHUNK, largest)

    def read(self, most: int) -> bytes:
        """The next chunk, of at most so many bytes.

        Raises:
            BrokenUpload: it did not come.
        """
        begun = time.monotonic()
        try:
            # Up to the next multiple of the largest chunk, so that the receiver gets whole blocks.
            chunk = self._stream.read(min(self._size, self._largest - self.done % self._largest, most))
        except Exception as error:
            # A lost connection and the limit for stalled clients (config/gunicorn.py) are OSErrors, but what a server
            # raises for a malformed chunk is its own affair.
            raise BrokenUpload(LINE_BROKE) from error
        self.done += len(chunk)
        self._adapt(time.monotonic() - begun)
        return chunk

    def _adapt(self, seconds: float) -> None:
        if seconds > CHUNK_SECONDS:
            self._size = max(self._size // 2, min(SMALLEST_CHUNK, self._largest))
        elif seconds < CHUNK_SECONDS / 4:
            self._size = min(self._size * 2, self._largest)


def _exactly(line: Line, length: int) -> Iterator[bytes]:
    while line.done < length:
        chunk = line.read(length - line.done)
        if not chunk:
            raise BrokenUpload(LINE_BROKE)
        yield chunk


def _until_end(line: Line) -> Iterator[bytes]:
    while chunk := line.read(CHUNK):
        yield chunk


# --- Multipart forms --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UploadForm(Generic[T]):
    """A multipart form whose file went elsewhere while the form was read.

    Attributes:
        fields: all other fields, those before and after the file.
        filename: the name that the browser gave to the file; None when no file was chosen.
        file: what has become of the file; None when no file was chosen or it was refused.
        problem: why the file was refused, to be shown beside the field.
    """

    fields: QueryDict
    filename: str | None
    file: T | None
    problem: DataProblem | None


def checked_multipart(request: HttpRequest, sink: Callable[[str], Sink[T]], *, max_bytes: int) -> UploadForm[T]:
    """Read a multipart form with at most one file, named "file", without keeping the file in memory.

    The view has to be ``csrf_exempt``, because Django's own check reads the whole body first. This function takes
    its place: the origin is checked before the body is read, the token as soon as the fields are known, and the file
    is complete only after that. The view checks rights before it calls this function.

    Args:
        request: a POST whose body nobody has touched.
        sink: makes what the file goes into from the file's name, when the first byte of a file comes.
        max_bytes: how many bytes an image may have.

    Raises:
        PermissionDenied: the form was sent from another site, or without this site's token.
        TooLarge: the declared length is over the limit.
        LengthRequired: the request does not say how long it is.
        BrokenUpload: the form ended too early.
        UnreadableForm: the form is malformed, or has a file in another field, or more than one.
    """
    check_origin(request)
    length = declared_length(request)
    if length is None:
        raise LengthRequired("Send this form with a Content-Length header.")
    if length > max_bytes + FORM_ALLOWANCE:
        raise too_large(max_bytes)
    with StreamingUploadHandler(sink) as handler:
        fields = _parsed(request, handler)
        _check_token(request)
        return handler.form(fields)


def check_same_site(request: HttpRequest) -> None:
    """Django's check of forms from other sites for requests with the token in ``X-CSRFToken``; reads no body.

    For views that are ``csrf_exempt`` because they answer otherwise, and whose body is no form.

    Raises:
        PermissionDenied: the request was sent from another site, or without this site's token.
    """
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        check_origin(request)
        _check_token(request)


def check_origin(request: HttpRequest) -> None:
    """Refuse a form that another site has sent, by what browsers say about it in the headers.

    Sec-Fetch-Site is what a browser says itself and no page can change (https://www.w3.org/TR/fetch-metadata/);
    Origin and Referer are for older browsers. A request with none of the three is left to the token.

    Raises:
        PermissionDenied: it comes from elsewhere.
    """
    headers = request.headers
    trusted = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    source = headers.get("Origin") or _origin_of(headers.get("Referer", ""))
    if source and source not in trusted:
        raise PermissionDenied("This form was sent from another site.")
    if not source and headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise PermissionDenied("This form was sent from another site.")


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _check_token(request: HttpRequest) -> None:
    """Run Django's own check, now that ``request.POST`` holds the fields."""
    middleware = CsrfViewMiddleware(_no_view)
    if middleware.process_view(request, _no_view, (), {}) is not None:
        raise PermissionDenied("This page is too old, or cookies are blocked. Load the page again and resend it.")


def _no_view(_request: HttpRequest) -> HttpResponse:
    """What the middleware stands before: it wants a view, but is only asked for its verdict."""
    return HttpResponse()


def _parsed(request: HttpRequest, handler: FileUploadHandler) -> QueryDict:
    request.upload_handlers = [handler]
    try:
        return request.POST
    except (MultiPartParserError, TooManyFieldsSent, TooManyFilesSent, RequestDataTooBig) as error:
        raise UnreadableForm("The form could not be read. Load the page again and resend it.") from error
    except (OSError, UnreadablePostError) as error:
        raise BrokenUpload(LINE_BROKE) from error


class StreamingUploadHandler(FileUploadHandler, Generic[T]):
    """Puts the file of a multipart form into a sink while Django's parser reads, without a temporary file.

    A refused file does not end the parsing: the rest of it is skipped, so that the page can show the form again
    with everything else that was typed.
    """

    chunk_size = CHUNK

    def __init__(self, factory: Callable[[str], Sink[T]]) -> None:
        super().__init__()
        self._factory = factory
        self._stack = ExitStack()
        self._sink: Sink[T] | None = None
        self._problem: DataProblem | None = None
        self._name: str | None = None
        self._whole = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        problem = error or self._problem
        self._stack.__exit__(type(problem) if problem else None, problem, trace)

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Called by the parser where a file begins."""
        super().new_file(field_name, file_name, *args, **kwargs)
        if field_name != "file" or self._name is not None:
            raise UnreadableForm("Send one file at a time, in the field “file”.")
        self._name = file_name

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """Called by the parser with each piece of the file."""
        try:
            if self._sink is None:
                self._sink = self._stack.enter_context(self._factory(self._name or ""))
            self._sink.feed(raw_data)
        except DataProblem as problem:
            self._problem = problem
            raise SkipFile from problem

    def file_complete(self, _file_size: int) -> None:
        """Called by the parser when the boundary after the file has been seen. There is no file object to give."""
        self._whole = True

    def form(self, fields: QueryDict) -> UploadForm[T]:
        """What the form held; completes an accepted file.

        Raises:
            BrokenUpload: the form ended inside of the file.
        """
        file = None if self._problem else self._completed()
        name = self._name if self._sink or self._problem else None
        return UploadForm(fields=fields, filename=name, file=file, problem=self._problem)

    def _completed(self) -> T | None:
        if self._sink is None:
            return None
        if not self._whole:
            raise BrokenUpload(LINE_BROKE)
        try:
            return self._sink.complete()
        except DataProblem as problem:
            self._problem = problem
            return None
