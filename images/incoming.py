"""What is on its way to Saved Images: uploads, imports and conversions that are no image yet.

Saved Images and the upload page show the same rows, in the same words.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.viewer import Viewer
from images.actions.claims import is_alive
from images.models import Upload
from images.permissions import Verb, may
from images.querysets import UploadQuerySet

MOST_ROWS = 50
SECONDS_IN_MINUTE = 60
SECONDS_IN_HOUR = 3600

Status, Origin = Upload.Status, Upload.Origin

# What is being done while bytes come, and while they are worked on.
RECEIVING = {Origin.UPLOAD: "Uploading", Origin.IMPORT: "Importing", Origin.CONVERSION: "Converting"}
PROCESSING = {Origin.UPLOAD: "Unpacking", Origin.IMPORT: "Unpacking", Origin.CONVERSION: "Converting"}
# What the upload page is opened for: the form of what has come, or the rest of a file.
NEXT = {"use": "Finish", "continue": "Continue"}
BY_PROGRAM = "It was begun through the API, and a program sends its data."
KINDS = {Origin.UPLOAD: "Upload", Origin.IMPORT: "Import", Origin.CONVERSION: "Conversion"}


@dataclass(frozen=True)
class State:
    """What an upload is at, for a person.

    Attributes:
        words: "Importing".
        look: a status of components that has the fitting colour and shape.
        note: why, or what to do; a sentence.
        is_moving: whether it changes without anybody's doing.
    """

    words: str
    look: str
    note: str = ""
    is_moving: bool = False


@dataclass(frozen=True)
class Step:
    """Something to do with an upload.

    Attributes:
        url: a page, or where a form is posted to.
        is_link: whether it is a page.
        is_end: whether it throws the upload away.
    """

    name: str
    label: str
    url: str
    is_link: bool = False
    is_end: bool = False


@dataclass(frozen=True)
class Arrival:
    """One upload on its way."""

    upload: Upload
    state: State
    steps: list[Step]

    @property
    def next(self) -> str:
        """What the upload page can do with it: "use" what has come, "continue" with the same file, or nothing."""
        return _next_of(self.upload)

    @property
    def invitation(self) -> str:
        """What to do to go on with it."""
        from_here = f" to go on from {self.percent} %" if self.shows_percent else ""
        return f"Choose “{self.upload.filename or 'the file'}” again{from_here}"

    @property
    def kind(self) -> str:
        """Upload, import or conversion."""
        return KINDS[Origin(self.upload.origin)]

    @property
    def source(self) -> str:
        """Where it comes from, where that is not the title already."""
        upload = self.upload
        if upload.origin == Origin.CONVERSION:
            return f"{upload.conversion.image.name} as {upload.conversion.disk_format}"
        return upload.filename if upload.filename != upload.title else ""

    @property
    def percent(self) -> int | None:
        """How far it is; None if nobody knows."""
        upload = self.upload
        if upload.percent is not None or upload.status == Status.PROCESSING or upload.origin == Origin.CONVERSION:
            return upload.percent
        return upload.offset * 100 // upload.size if upload.size else None

    @property
    def has_progress(self) -> bool:
        """Whether a bar says something: of an unknown length only while bytes come or are worked on."""
        if self.upload.status in (Status.RECEIVED, Status.FAILED):
            return False
        return bool(self.percent) or self.state.look == "uploading"

    @property
    def shows_percent(self) -> bool:
        """Whether a number says how far it is."""
        return self.has_progress and self.percent is not None

    @property
    def is_measured(self) -> bool:
        """Whether bytes of the file itself are counted at this moment."""
        return self.upload.status in (Status.RECEIVING, Status.WAITING) and self.upload.offset > 0

    @property
    def rate(self) -> int:
        """Bytes a second while they come; 0 while they do not, whatever the last speed was."""
        is_coming = self.upload.status == Status.RECEIVING and self.state.look == "uploading"
        return self.upload.rate if is_coming else 0

    @property
    def time_left(self) -> str:
        """How long it will take, in words; empty if nobody knows."""
        if not (self.upload.size and self.rate):
            return ""
        return _duration((self.upload.size - self.upload.offset) / self.rate)


@dataclass(frozen=True)
class Incoming:
    """The section "On its way" of an account.

    Attributes:
        url: where the section is asked for anew.
        has_fewer: whether something that stood there has become an image, or is gone.
        is_cut: whether there is more than is shown.
    """

    arrivals: list[Arrival]
    url: str
    has_fewer: bool = False
    is_cut: bool = False

    @property
    def is_moving(self) -> bool:
        """Whether the section changes without anybody's doing."""
        return any(arrival.state.is_moving for arrival in self.arrivals)


def incoming_of(viewer: Viewer, *, shown: int = 0) -> Incoming:
    """What the viewer has on its way, the newest first; admins see all of the account. One query.

    Args:
        shown: how many the page shows that asks.
    """
    url = reverse("image_incoming", kwargs={"number": viewer.account.number})
    if not may(viewer, Verb.CREATE):
        return Incoming([], url)
    found = _arrivals(_uploads(viewer)[: MOST_ROWS + 1])
    arrivals = found[:MOST_ROWS]
    has_fewer, is_cut = len(arrivals) < shown, len(found) > MOST_ROWS
    return Incoming(arrivals, f"{url}?shown={len(arrivals)}", has_fewer=has_fewer, is_cut=is_cut)


def unfinished_of(viewer: Viewer) -> list[Arrival]:
    """What the upload page shows of it: what somebody sends, and whatever has come and waits for its form."""
    return _arrivals(_uploads(viewer).filter(Q(origin=Origin.UPLOAD) | Q(status=Status.RECEIVED)))


def _uploads(viewer: Viewer) -> UploadQuerySet:
    uploads = Upload.objects.visible_to(viewer).unexpired().order_by("-created_at")
    return uploads.select_related("account", "created_by", "data", "fetch", "conversion__image")


def _arrivals(uploads: Iterable[Upload]) -> list[Arrival]:
    return [_arrival(upload) for upload in uploads]


def _arrival(upload: Upload) -> Arrival:
    state = _state(upload)
    return Arrival(upload, state, _steps(upload, is_moving=state.is_moving))


def _state(upload: Upload) -> State:
    match upload.status:
        case Status.RECEIVED:
            return State("Not an image yet", "warning", upload.problem or "The file is here. Say what image it is.")
        case Status.FAILED:
            return State("Failed", "failed", upload.problem)
        case Status.PROCESSING:
            note = upload.problem or ("The image is made by itself when this is done." if upload.plan else "")
            return State(PROCESSING[Origin(upload.origin)], "uploading", note, is_moving=True)
        case Status.RECEIVING if is_alive(upload):
            return State(RECEIVING[Origin(upload.origin)], "uploading", _restarted(upload), is_moving=True)
    return _state_between(upload) if upload.origin == Origin.UPLOAD else _state_in_background(upload)


def _state_between(upload: Upload) -> State:
    """Of what somebody sends, and is not sending just now."""
    words, advice = ("Waiting for data", BY_PROGRAM) if _is_sent_by_program(upload) else ("Waiting", _advice(upload))
    return State("Interrupted" if upload.offset else words, "pending", upload.problem or advice)


def _state_in_background(upload: Upload) -> State:
    """Of what the panel does by itself, and is not doing just now."""
    if upload.status == Status.RECEIVING:
        return State("Waiting", "pending", "Nothing has come for a while. It goes on by itself.", is_moving=True)
    if upload.origin == Origin.IMPORT and upload.fetch.next_at:
        seconds = round((upload.fetch.next_at - timezone.now()).total_seconds())
        when = f"Trying again in {_duration(seconds)}" if seconds > 0 else "Trying again"
        return State("Waiting", "pending", f"{when}: {upload.problem}", is_moving=True)
    if upload.problem:
        return State("Stopped", "failed", upload.problem)
    return State("Waiting", "pending", "It begins as soon as there is room.", is_moving=True)


def _restarted(upload: Upload) -> str:
    if upload.origin == Origin.IMPORT and upload.fetch.restarts:
        return "It came from its beginning again: the server has another version now, or cannot send the rest of one."
    return ""


def _is_sent_by_program(upload: Upload) -> bool:
    """Whether a program said with a token what image it will be: nobody chooses its file in a browser."""
    return upload.origin == Origin.UPLOAD and bool((upload.plan or {}).get("most"))


def _advice(upload: Upload) -> str:
    return "Choose the same file again, and it goes on where it stopped." if upload.offset else "Nothing has come yet."


def _steps(upload: Upload, *, is_moving: bool) -> list[Step]:
    number, fetched = upload.account.number, upload.origin == Origin.IMPORT
    here = {"number": number, "pk": upload.pk}
    steps = []
    if following := _next_of(upload):
        url = f"{reverse('image_upload', kwargs={'number': number})}?upload={upload.pk}"
        steps.append(Step("continue", NEXT[following], url, is_link=True))
    if fetched and upload.status in (Status.WAITING, Status.FAILED) and upload.problem:
        steps.append(Step("retry", "Try again", reverse("import_retry", kwargs=here)))
    end = "Cancel" if is_moving else "Discard"
    url = reverse("upload_discard", kwargs=here)
    return [*steps, Step("end", end, url, is_end=True)]


def _next_of(upload: Upload) -> str:
    if upload.status == Status.RECEIVED or (upload.status == Status.PROCESSING and upload.plan is None):
        return "use"
    is_open = upload.origin == Origin.UPLOAD and upload.status in (Status.WAITING, Status.RECEIVING)
    return "continue" if is_open and not _is_sent_by_program(upload) else ""


def _duration(seconds: float) -> str:
    if seconds < SECONDS_IN_MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < SECONDS_IN_HOUR:
        return f"{round(seconds / SECONDS_IN_MINUTE)} min"
    return f"{seconds / SECONDS_IN_HOUR:.1f} h"
