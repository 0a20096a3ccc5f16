"""The share box: offering one image or several, reading what is typed, suggestions, results and undo."""

from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from images.looks import Look
from images.menus import address
from images.permissions import Verb, get_image, refusal, require
from sharing import actions
from sharing.actions import OfferedImage
from sharing.actions.bulk import require_few
from sharing.actions.conditions import require_offerable
from sharing.choosing import Choice, choose
from sharing.forms import RecipientsForm, ShareForm
from sharing.models import Share
from sharing.recipients import read
from sharing.rows import rows_of
from sharing.suggestions import suggest
from sharing.views.steps import step_by_step

CHECK = "check"
MANY_OFFERS = 200  # more than that take longer than anybody waits without a sign
LONGEST_ID = 19  # digits; a longer one is no id, and no database takes it


@require_http_methods(["GET", "POST"])
def share_image(request: PanelRequest, pk: UUID) -> HttpResponseBase:
    """Offer an image; afterwards, a result for each recipient."""
    image = get_image(request.viewer, pk, Verb.OFFER)
    require_offerable(image)
    return _share_box(request, Choice([pk], [image]))


@require_http_methods(["GET", "POST"])
def share_images(request: PanelRequest) -> HttpResponseBase:
    """Offer several images together; afterwards, a result for each image and recipient."""
    require(request.viewer, Verb.OFFER)
    ids = _image_ids(request)
    try:
        require_few(ids)
    except ValidationError as error:
        context = {"problem": " ".join(error.messages)}
        return render(request, "sharing/share_nothing.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    choice = choose(request.viewer, ids)
    if not choice.images:
        return render(request, "sharing/share_nothing.html", {"left_out": choice.left_out})
    return _share_box(request, choice)


def _share_box(request: PanelRequest, choice: Choice) -> HttpResponseBase:
    data = request.POST if request.method == "POST" else None
    form = ShareForm(data, viewer=request.viewer, images=choice.images)
    wants_check = request.POST.get("step") == CHECK
    results = _offer(request, choice, form) if form.is_valid() and not wants_check else None
    if results is not None:
        if len(choice.ids) * len(form.reading.parts) > MANY_OFFERS:
            return step_by_step(len(choice.ids), results, partial(_result, request, choice))
        return _result(request, choice, list(results))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "sharing/share_image.html", _context(request, choice, form), status=status)


def _offer(request: PanelRequest, choice: Choice, form: ShareForm) -> Iterable[OfferedImage] | None:
    reading = form.reading
    terms: dict[str, Any] = {"addresses": reading.addresses, "groups": reading.groups, "terms": form.terms}
    try:
        if not choice.is_one:
            return actions.offer_each(choice.ids, by=request.viewer, **terms)
        offered = actions.offer(choice.ids[0], by=request.viewer, **terms)
    except ValidationError as error:
        form.add_error(None, error)
        return None
    except Conflict as refused:
        form.add_error(None, str(refused))
        return None
    return [OfferedImage(choice.ids[0], choice.images[0].name, offered)]


def _result(request: PanelRequest, choice: Choice, results: Sequence[OfferedImage]) -> HttpResponse:
    changed = [one.share.pk for result in results for one in result.offered if one.outcome.changed]
    context = {
        "choice": choice,
        "results": results,
        "undo": changed,
        "undo_seconds": settings.UNDO_SECONDS,
        "back": _page_behind(request, choice.ids),
        "again": _box_of(request, choice),
    }
    return render(request, "sharing/share_result.html", context)


def _context(request: PanelRequest, choice: Choice, form: ShareForm) -> dict[str, Any]:
    context: dict[str, Any] = {
        "choice": choice,
        "form": form,
        "reading": form.reading,
        "checked": form.is_bound and not form.errors,
        "looks": [(image, Look(image.data)) for image in choice.images],
        "private": [image for image in choice.images if image.visibility == image.Visibility.PRIVATE],
        "back": _page_behind(request, choice.ids),
    }
    if choice.is_one:
        [image] = choice.images
        context["rows"] = rows_of(image, request.viewer)
        context["remove_refusal"] = refusal(request.viewer, Verb.REMOVE_SHARE, image)
        context["look"] = Look(image.data)
        context["look_url"] = address(request.viewer, "image_inside", image)
    return context


@require_POST
def share_recipients(request: PanelRequest) -> HttpResponse:
    """What each part of the recipients is, while they are typed. Tells of no address whether anybody has it."""
    require(request.viewer, Verb.OFFER)
    form = RecipientsForm(request.POST)
    if not form.is_valid():
        return HttpResponse("This is too much text.", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    images = choose(request.viewer, _image_ids(request)).images
    reading = read(form.cleaned_data["recipients"], by=request.viewer, images=images)
    return render(request, "sharing/recipients.html", {"reading": reading})


@require_GET
def share_suggestions(request: PanelRequest) -> HttpResponse:
    """Who could be meant by what is being typed, out of those whom the viewer sees anyway."""
    require(request.viewer, Verb.OFFER)
    context = {"suggestions": suggest(request.viewer, request.GET.get("q", ""))}
    return render(request, "sharing/suggestions.html", context)


@require_POST
def share_undo(request: PanelRequest) -> HttpResponse:
    """Take back what was offered a moment ago."""
    require(request.viewer, Verb.OFFER)
    ids = [int(pk) for pk in request.POST.getlist("share") if pk.isdecimal() and len(pk) < LONGEST_ID]
    try:
        undone = actions.undo_offers(ids, by=request.viewer)
    except Conflict as late:
        messages.error(request, str(late))
    else:
        _say_undone(request, undone, len(ids))
    return redirect(_page_behind(request, _image_ids(request)))


def _say_undone(request: PanelRequest, undone: Sequence[Share], wanted: int) -> None:
    if not undone:
        messages.info(request, "There was nothing left to undo.")
    elif len(undone) < wanted:
        text = f"{len(undone)} of {wanted} offers were undone. For the others it was too late: remove them instead."
        messages.warning(request, text)
    else:
        what = f"The offer to {undone[0].address_text} was" if wanted == 1 else f"{wanted} offers were"
        messages.success(request, f"{what} undone. Nobody was told of it.")


def _image_ids(request: PanelRequest) -> list[UUID]:
    """The images named in the address or the form, each once."""
    named = [*request.GET.getlist("image"), *request.POST.getlist("image")]
    try:
        return list(dict.fromkeys(UUID(pk) for pk in named))
    except ValueError:
        raise Http404 from None


def _page_behind(request: PanelRequest, image_ids: Sequence[UUID]) -> str:
    """The page of the one image, or the list."""
    number = request.viewer.account.number
    if len(image_ids) != 1:
        return reverse("image_list", kwargs={"number": number})
    page = reverse("image_detail", kwargs={"number": number, "pk": image_ids[0]})
    return f"{page}#sharing"


def _box_of(request: PanelRequest, choice: Choice) -> str:
    """The share box for the same images, empty."""
    number = request.viewer.account.number
    if choice.is_one:
        return reverse("share_image", kwargs={"number": number, "pk": choice.ids[0]})
    query = "&".join(f"image={pk}" for pk in choice.ids)
    return f"{reverse('share_images', kwargs={'number': number})}?{query}"
