"""The upload page, and the bytes on their way in."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from accounts.viewer import Viewer
from accounts.views.going_back import go_back
from images import actions
from images.actions.reception import Reception
from images.forms import UploadForm, visibility_options
from images.incoming import Arrival, unfinished_of
from images.models import Image, Region, Upload
from images.permissions import Verb, require
from images.problems import Busy, DataProblem, QuotaExceeded
from images.transfers.bodies import UploadForm as Form
from images.transfers.bodies import checked_multipart, discard_rest
from images.transfers.slots import RETRY_SECONDS, slot_for
from images.views.answers import tell

NO_FILE = "Choose the disk image to upload."
ARCHIVE_ENDINGS = (".gz", ".xz")
DISCARDED = {
    Upload.Origin.UPLOAD: "The upload is discarded.",
    Upload.Origin.IMPORT: "The import is cancelled, and what had come is removed.",
    Upload.Origin.CONVERSION: "The conversion is discarded.",
}
FILE_GONE = "The file that came with this form is no longer here. Choose it again."


@csrf_exempt  # checked_multipart checks it: the origin before the body is read, the token after
@require_http_methods(["GET", "HEAD", "POST"])
def image_upload(request: PanelRequest) -> HttpResponse:
    """Add an image: the file and what there is to say of it, on one page."""
    require(request.viewer, Verb.CREATE)
    if request.method != "POST":
        upload_id = request.GET.get("upload", "")
        return _page(request, _begun_form(request, upload_id), upload_id=upload_id)
    file = FormFile(request.viewer)
    try:
        sent = _sent(request, file)
    except DataProblem as problem:
        return _page(request, _begun_form(request), problem=problem, status=problem.status)
    fields = sent.fields.copy()
    if sent.problem:
        file.forget()
    elif sent.file:
        fields["upload"] = str(sent.file.pk)
    form = UploadForm(fields, viewer=request.viewer)
    made = _make(request, form, sent.problem)
    if made is None:
        return _page(request, form, upload_id=fields.get("upload", ""), status=422)
    if isinstance(made, Upload):
        tell(request, f"“{form.cleaned_data['name']}” will be in your Saved Images as soon as its file is unpacked.")
        return redirect("image_list", number=request.viewer.account.number)
    tell(request, f"“{made.name}” is in your Saved Images.")
    return redirect("image_detail", number=request.viewer.account.number, pk=made.pk)


class FormFile:
    """The file of a form that was sent without a script.

    An archive is unpacked if its name says that it is one: a box to tick would come behind the file in the form.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._reception: Reception | None = None

    def __call__(self, filename: str) -> Reception:
        """Make what the file goes into."""
        is_archive = filename.lower().endswith(ARCHIVE_ENDINGS)
        self._reception = actions.receive_form_file(by=self._viewer, filename=filename, unpack=is_archive)
        return self._reception

    def forget(self) -> None:
        """Throw away what is left of a file that was refused: the form itself says why."""
        if self._reception:
            actions.discard_upload(self._reception.upload.pk, by=self._viewer)


def _sent(request: PanelRequest, file: FormFile) -> Form[Upload]:
    """Read the form. A browser that is refused while it sends hears why."""
    with slot_for(request):
        try:
            return checked_multipart(request, file, max_bytes=settings.IMAGE_MAX_BYTES)
        except DataProblem:
            discard_rest(request)
            raise


def _begun_form(request: PanelRequest, upload_id: str = "") -> UploadForm:
    """The form before anybody has typed: empty, or with what was said of an upload that could not become an image."""
    regions = Region.objects.filter(closed_at__isnull=True)
    wanted = request.GET.get("region") or regions.filter(is_default=True).values_list("pk", flat=True).first()
    chosen = _chosen(unfinished_of(request.viewer), upload_id) if upload_id else None
    planned = UploadForm.planned(chosen.upload.plan) if chosen and chosen.upload.plan else {}
    if not regions.filter(pk=planned.get("region")).exists():
        planned.pop("region", None)
    return UploadForm(initial={"region": wanted} | planned, viewer=request.viewer)


def _chosen(unfinished: Iterable[Arrival], upload_id: str) -> Arrival | None:
    """The upload that the page is opened for, if it can be gone on with."""
    return next((each for each in unfinished if each.next and str(each.upload.pk) == upload_id), None)


def _make(request: PanelRequest, form: UploadForm, problem: DataProblem | None) -> Image | Upload | None:
    """Make the image, or put the reasons why not into the form."""
    valid = form.is_valid()
    upload_id = form.cleaned_data.get("upload")
    if problem or upload_id is None:
        form.add_error("file", str(problem or NO_FILE))
    elif valid:
        return _made(request, form, upload_id)
    return None


def _made(request: PanelRequest, form: UploadForm, upload_id: UUID) -> Image | Upload | None:
    try:
        return actions.plan_image(upload_id, by=request.viewer, new=form.new_image())
    except ValidationError as error:
        form.add_error(None, error)
    except QuotaExceeded as refused:
        form.add_error(None, str(refused))
    except Conflict as conflict:
        form.add_error("file", str(conflict))
    except Http404:
        form.add_error("file", FILE_GONE)
    return None


def _page(
    request: PanelRequest,
    form: UploadForm,
    *,
    upload_id: str = "",
    problem: DataProblem | None = None,
    status: int = 200,
) -> HttpResponse:
    unfinished = unfinished_of(request.viewer)
    chosen = _chosen(unfinished, upload_id)
    context = {
        "form": form,
        "visibilities": visibility_options(form),
        "chosen": chosen,
        "unfinished": [each for each in unfinished if each != chosen],
        "problem": problem,
        "max_size": settings.IMAGE_MAX_BYTES,
    }
    response = render(request, "images/upload.html", context, status=status)
    if isinstance(problem, Busy):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


@require_POST
def upload_discard(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Throw away what is on its way."""
    upload = actions.discard_upload(pk, by=request.viewer)
    tell(request, DISCARDED[Upload.Origin(upload.origin)])
    return go_back(request, reverse("image_upload", kwargs={"number": request.viewer.account.number}))
