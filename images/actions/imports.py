"""Imports: uploads whose bytes the panel fetches itself, in the background.

The row tells everything: a task that dies is run again and goes on from there, by asking for the rest of the file.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images import letters
from images.actions.claims import Claim, claim, discarded, is_alive, lacks_data
from images.actions.creation import NewImage, require_plan
from images.actions.events import record_import, record_import_begun
from images.actions.filling import emptied
from images.actions.later import run_later
from images.actions.queued import lock_queued
from images.actions.reception import Reception
from images.actions.turns import Turn, TurnOver
from images.actions.uploads import LONGEST_NAME, begun
from images.checksums import find_checksum
from images.models import Import, Upload
from images.outside import (
    Address,
    Answer,
    Limits,
    OutOfTime,
    OutsideProblem,
    ServerBusy,
    ServerRefused,
    opened,
    text_at,
)
from images.permissions import Verb, get_upload, require
from images.problems import CannotContinue, DataProblem, HashingFailed, StoreProblem
from images.quotas import confirm, reserve
from images.validators import valid_checksum

# How old the progress on the page is at most, which asks every two seconds. Saving every second, with the disk that is
# waited for, cost up to a quarter of the speed.
SAVE_SECONDS = 2
MOST_TRIES = 8  # in a row that bring no byte
MOST_RESTARTS = 8
LONGEST_WAIT = 60  # seconds between two of them, unless the server asks for more
MOST_PATIENCE = 3600  # seconds that a server may ask for
LONGEST_LISTING = 1024 * 1024  # bytes of a file of checksums
LISTING_SECONDS = 60

CHANGED = "The file on the server has changed, or the server cannot send the rest of it. It comes from its beginning."
ENDLESS = (
    "The server does not say where the file ends, so that nobody can tell whether all of it came. Give its checksum."
)


@transaction.atomic
def start_import(
    *,
    by: Viewer,
    url: str,
    new: NewImage,
    checksum: str = "",
    checksum_url: str = "",
    unpack: bool = False,
) -> Upload:
    """Fetch a file in the background, and make an image of it.

    Args:
        url: of http or https.
        checksum: what the file must hash to, as ``algorithm:hex``; empty takes any.
        checksum_url: of a file such as SHA256SUMS that names it, instead.
        unpack: whether the file is a gzip or xz archive of the disk.

    Raises:
        PermissionDenied: the viewer may not add images, or not with this visibility.
        RefusedAddress: the panel does not go there.
        QuotaExceeded: the account has no room for another image or import.
        ValidationError: per field of the image; the checksum is none.
    """
    require(by, Verb.CREATE)
    address = Address.parsed(url)
    if checksum_url:
        Address.parsed(checksum_url)
    valid_checksum(checksum)
    require_plan(new, by=by)
    reserve(by.account, images=1, imports=1)
    upload = Upload.objects.create(
        origin=Upload.Origin.IMPORT,
        filename=address.filename[-LONGEST_NAME:],
        unpack=unpack,
        expected_checksum=checksum.lower(),
        plan=new.plan(),
        **begun(by, region=new.region),
    )
    Import.objects.create(upload=upload, url=url.strip(), checksum_url=checksum_url.strip())
    record_import("import started", upload, by, host=address.host)
    _run_soon(upload)
    return upload


def import_queued(upload_id: UUID, *, by: Viewer, url: str, request_id: str = "") -> Upload:
    """Fetch the data of a queued image in the background.

    A refusal is noted on the image as well: openstacksdk tells nobody how a service answered to this.

    Args:
        url: of http or https.
        request_id: of the program's request, by which its task is known.

    Raises:
        Http404: no such queued image for this viewer.
        Conflict: its data comes already, or is here.
        RefusedAddress: the panel does not go there.
        QuotaExceeded: the account has no room for another import.
    """
    try:
        return _begin_for_queued(upload_id, by, url, request_id)
    except DataProblem as refused:
        _note_refusal(upload_id, by, refused)
        raise


@transaction.atomic
def _begin_for_queued(upload_id: UUID, by: Viewer, url: str, request_id: str) -> Upload:
    address = Address.parsed(url)
    upload = emptied(upload_id, by=by, origin=Upload.Origin.IMPORT)
    upload.filename = address.filename[-LONGEST_NAME:]
    upload.save(update_fields=["filename"])
    Import.objects.create(upload=upload, url=url.strip())
    record_import_begun(upload, by, host=address.host, request_id=request_id)
    _run_soon(upload)
    return upload


@transaction.atomic
def _note_refusal(upload_id: UUID, by: Viewer, refused: DataProblem) -> None:
    upload = lock_queued(by, upload_id)
    if lacks_data(upload):
        upload.problem = str(refused)
        upload.save(update_fields=["problem"])


@transaction.atomic
def retry_import(upload_id: UUID, *, by: Viewer) -> Upload:
    """Try again now: one that has stopped goes on where it was, one that was refused comes from its beginning.

    Raises:
        Http404: no such import for this viewer: creators see their own, admins all of the account.
        Conflict: it is running, or its file has come.
        QuotaExceeded: one that was refused counts no longer, and there is no room for it now.
    """
    upload = get_upload(by, upload_id)
    if upload.origin != Upload.Origin.IMPORT:
        raise Http404
    if upload.status in (Upload.Status.PROCESSING, Upload.Status.RECEIVED) or is_alive(upload):
        raise Conflict("This import is running, or its file has come already.")
    if upload.status == Upload.Status.FAILED:
        reserve(by.account, images=1, imports=1)
        upload.status, upload.size = Upload.Status.WAITING, None
    upload.problem = ""
    upload.expires_at = timezone.now() + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS)
    upload.save(update_fields=["status", "size", "problem", "expires_at"])
    Import.objects.filter(pk=upload.pk).update(attempts=0, restarts=0, next_at=None, since=timezone.now())
    record_import("import retried", upload, by)
    _run_soon(upload)
    return upload


def run_import(upload_id: UUID) -> Upload | None:
    """Fetch what an import lacks. Whatever goes wrong is told on the row, and tried again if that may help.

    Returns:
        The upload, with its data or on the way to be unpacked; None if there is nothing to do, or not now.
    """
    upload = _due(upload_id)
    if upload is None:
        return None
    offset = upload.offset
    try:
        _learn_checksum(upload)
        return _fetch(_claimed(upload_id))
    except Conflict:
        return None  # it was cancelled, or somebody is at it
    except TurnOver:
        _run_soon(upload)
        return None
    except DataProblem as problem:
        _go_on_later_or_stop(upload_id, offset, problem)
        return None


# --- Fetching ---------------------------------------------------------------------------------------


def _due(upload_id: UUID) -> Upload | None:
    """The import, unless it is over or waits for a later task than this one."""
    imports = Upload.objects.unexpired().filter(origin=Upload.Origin.IMPORT).select_related("fetch")
    upload = imports.filter(pk=upload_id).first()
    if upload is None or upload.status not in (Upload.Status.WAITING, Upload.Status.RECEIVING):
        return None
    return None if upload.fetch.next_at and upload.fetch.next_at > timezone.now() else upload


@transaction.atomic
def _claimed(upload_id: UUID) -> Upload:
    locked = Upload.objects.select_for_update(of=("self",)).select_related("fetch", "account")
    upload = locked.filter(pk=upload_id).first()
    if upload is None:
        raise discarded()
    claim(upload)
    Import.objects.filter(pk=upload_id).update(next_at=None)
    return upload


def _fetch(upload: Upload) -> Upload:
    with Reception(upload, save_seconds=SAVE_SECONDS) as reception:
        start = reception.offset
        limits = Limits(max_bytes=settings.IMAGE_MAX_BYTES, seconds=_seconds_left(upload))
        with opened(upload.fetch.url, limits=limits, start=start, validator=upload.fetch.validator) as answer:
            _compare(upload, answer, start)
            turn = Turn("data", goes_on=answer.goes_on)
            for chunk in answer.chunks():
                reception.feed(chunk)
                turn.check()
        return reception.complete()


def _seconds_left(upload: Upload) -> float:
    until = upload.fetch.since + timedelta(hours=settings.IMPORT_HOURS)
    seconds = (until - timezone.now()).total_seconds()
    if seconds <= 0:
        raise OutOfTime(f"The import was given up after {settings.IMPORT_HOURS} hours.")
    return seconds


def _compare(upload: Upload, answer: Answer, start: int) -> None:
    """Make sure that what comes belongs behind what there is; note what the server says of the file."""
    other_size = start and None not in (answer.size, upload.size) and answer.size != upload.size
    if answer.start != start or other_size:
        raise CannotContinue(CHANGED)
    if start:
        return
    if not (answer.is_delimited or upload.expected_checksum):
        raise ServerRefused(ENDLESS)
    _note(upload, answer)


@transaction.atomic
def _note(upload: Upload, answer: Answer) -> None:
    Claim(upload).update(size=answer.size, offset=0)
    upload.size = answer.size
    Import.objects.filter(pk=upload.pk).update(validator=answer.validator)
    confirm(upload.account, size=answer.size or 0)


def _learn_checksum(upload: Upload) -> None:
    """Look the file up in the checksum file that was named beside it."""
    url = upload.fetch.checksum_url
    if not url or upload.expected_checksum:
        return
    seconds = min(LISTING_SECONDS, _seconds_left(upload))
    listing = text_at(url, limits=Limits(max_bytes=LONGEST_LISTING, seconds=seconds))
    checksum = find_checksum(listing, upload.filename)
    if not checksum:
        raise ServerRefused(f"The checksum file names no md5, sha256 or sha512 of “{upload.filename}”.")
    Upload.objects.filter(pk=upload.pk).update(expected_checksum=checksum)


# --- After a break ----------------------------------------------------------------------------------


@transaction.atomic
def _go_on_later_or_stop(upload_id: UUID, offset: int, problem: DataProblem) -> None:
    """Decide what becomes of an import that has not come to its end.

    Args:
        offset: how many bytes it had before this try.
    """
    upload = Upload.objects.select_for_update(of=("self",)).select_related("fetch").filter(pk=upload_id).first()
    if upload is None or is_alive(upload):
        return
    upload.problem = str(problem)
    upload.save(update_fields=["problem"])
    fetch = upload.fetch
    fetch.attempts = 0 if upload.offset > offset else fetch.attempts + 1
    fetch.restarts += isinstance(problem, CannotContinue)
    may_help = upload.status == Upload.Status.WAITING and _is_transient(problem) and not _is_hopeless(fetch)
    fetch.next_at = timezone.now() + _wait(fetch.attempts, problem) if may_help else None
    fetch.save(update_fields=["attempts", "restarts", "next_at"])
    if fetch.next_at:
        run_later("images.tasks.run_import", str(upload.pk), queue="data", moment=fetch.next_at)
    else:
        record_import("import failed", upload, None, reason=upload.problem)
        letters.upload_stopped(upload)


def _is_hopeless(fetch: Import) -> bool:
    return fetch.attempts >= MOST_TRIES or fetch.restarts >= MOST_RESTARTS


def _is_transient(problem: DataProblem) -> bool:
    """Whether the same may work a little later."""
    if isinstance(problem, OutsideProblem):
        return problem.transient
    return isinstance(problem, StoreProblem | HashingFailed | CannotContinue)


def _wait(attempts: int, problem: DataProblem) -> timedelta:
    """1, 2, 4 … 60 seconds, or as long as the server asks for."""
    asked = problem.seconds if isinstance(problem, ServerBusy) and problem.seconds else 0
    seconds = min(LONGEST_WAIT, 2 ** max(0, attempts - 1))
    return timedelta(seconds=max(seconds, min(asked, MOST_PATIENCE)))


# --- Small things -----------------------------------------------------------------------------------


def _run_soon(upload: Upload) -> None:
    transaction.on_commit(lambda: async_task("images.tasks.run_import", str(upload.pk), cluster="data"))
