"""Families of an account, and which version of which family an image is."""

from itertools import chain
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import PanelRequest
from images import actions, hooks
from images.actions.families import why_not_latest
from images.families import Version, latest_for, versions_of
from images.forms import FamilyForm, NewVersionForm, VersionForm
from images.menus import address
from images.models import Family, Image
from images.permissions import Verb, get_image, refusal, require
from images.views.answers import posted, tell

MOST_CHOICES = 200


@require_safe
def family_list(request: PanelRequest) -> HttpResponse:
    """The families of the account, each with how many versions it has and which is the latest."""
    families = list(Family.objects.of_account(request.viewer))
    context = {"families": families, "refusal": refusal(request.viewer, Verb.ARRANGE)}
    return render(request, "images/family/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def family_create(request: PanelRequest) -> HttpResponse:
    """Give a name to images that follow each other."""
    require(request.viewer, Verb.ARRANGE)
    form = FamilyForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            family = actions.create_family(by=request.viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, f"The family “{family.name}” is made. Add its versions.")
            return _to_family(request, family.pk)
    return render(request, "images/family/form.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def family_detail(request: PanelRequest, pk: int) -> HttpResponse:
    """The versions of a family: which is the latest, who has how many, and how to go back to another one."""
    family = _family(request, pk)
    images = versions_of(family, request.viewer)
    notes = dict(chain.from_iterable(some.items() for some in hooks.row_notes.ask(request.viewer, images)))
    latest = family.latest_of(images)
    context = {
        "family": family,
        "latest": latest,
        "versions": [
            Version(image, notes.get(image.pk, ""), image == latest, why_not_latest(image)) for image in images
        ],
        "refusal": refusal(request.viewer, Verb.ARRANGE),
    }
    return render(request, "images/family/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def family_edit(request: PanelRequest, pk: int) -> HttpResponse:
    """Call a family otherwise."""
    family = _family(request, pk, Verb.ARRANGE)
    form = FamilyForm(posted(request), initial={"name": family.name, "description": family.description})
    if form.is_bound and form.is_valid():
        try:
            actions.edit_family(pk, by=request.viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, "The family is saved.")
            return _to_family(request, pk)
    context = {"form": form, "family": family}
    return render(request, "images/family/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def family_add(request: PanelRequest, pk: int) -> HttpResponse:
    """Make an image of the account a version of a family."""
    family = _family(request, pk, Verb.ARRANGE)
    images = Image.objects.live().filter(account=request.viewer.account).exclude(family=family)
    form = NewVersionForm(posted(request), images=list(images.order_by("-created_at", "-pk")[:MOST_CHOICES]))
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            image = actions.put_into_family(UUID(data["image"]), pk, by=request.viewer, version=data["version"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, f"“{image.name}” is version {image.version} of {family.name}.")
            return _to_family(request, pk)
    context = {"form": form, "family": family, "followers": _count_followers(family)}
    return render(request, "images/family/add.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def family_dissolve(request: PanelRequest, pk: int) -> HttpResponse:
    """Say what it means, then take a family's name away."""
    family = _family(request, pk, Verb.ARRANGE)
    if request.method == "POST":
        actions.dissolve_family(pk, by=request.viewer)
        tell(request, f"The family “{family.name}” is dissolved. Its images are still there.")
        return redirect("family_list", number=request.viewer.account.number)
    context = {"family": family, "followers": _count_followers(family)}
    return render(request, "images/family/dissolve.html", context)


@require_POST
def family_pin(request: PanelRequest, pk: int, image: UUID) -> HttpResponse:
    """Make a version the latest, whatever is newer."""
    family = actions.pin_version(pk, image, by=request.viewer)
    undo = reverse("family_unpin", kwargs={"number": request.viewer.account.number, "pk": pk})
    version = family.pinned.version if family.pinned else ""
    tell(request, f"Version {version} is the latest of {family.name} now.", undo=undo)
    return _to_family(request, pk)


@require_POST
def family_unpin(request: PanelRequest, pk: int) -> HttpResponse:
    """Follow the newest version again."""
    family = actions.unpin_version(pk, by=request.viewer)
    tell(request, f"The newest version of {family.name} is its latest again.")
    return _to_family(request, pk)


@require_safe
def family_latest(request: PanelRequest, pk: int) -> HttpResponse:
    """Lead to the latest version that the viewer may use: an address to keep, for whoever has any version."""
    family = get_object_or_404(Family, pk=pk)
    latest = latest_for(family, request.viewer)
    if latest is None:
        if family.account_id == request.viewer.account.pk:
            return _to_family(request, pk)
        raise Http404
    return redirect(address(request.viewer, "image_detail", latest))


@require_http_methods(["GET", "HEAD", "POST"])
def image_family(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Say which version of which family an image is; a new name makes a new family."""
    image = get_image(request.viewer, pk, Verb.ARRANGE)
    families = list(Family.objects.filter(account=request.viewer.account))
    initial = {"family": image.family.name if image.family else "", "version": image.version}
    form = VersionForm(posted(request), initial=initial, families=families)
    if form.is_bound and form.is_valid():
        try:
            image = _put(request, pk, form)
        except ValidationError as error:
            _show(error, form)
        else:
            tell(request, f"“{image.name}” is version {image.version} of {image.family}.")
            return redirect(address(request.viewer, "image_detail", image))
    context = {"form": form, "image": image}
    return render(request, "images/family/image.html", context, status=422 if form.errors else 200)


@require_POST
def image_family_leave(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Let an image be no version of anything."""
    image = actions.take_out_of_family(pk, by=request.viewer)
    tell(request, f"“{image.name}” is in no family now.")
    return redirect(address(request.viewer, "image_detail", image))


@transaction.atomic
def _put(request: PanelRequest, pk: UUID, form: VersionForm) -> Image:
    family = form.existing or actions.create_family(by=request.viewer, name=form.cleaned_data["family"])
    return actions.put_into_family(pk, family.pk, by=request.viewer, version=form.cleaned_data["version"])


def _show(error: ValidationError, form: VersionForm) -> None:
    """What is wrong with a new family's name belongs to the field of the family."""
    problems = error.message_dict
    form.add_error("family", problems.pop("name", []))
    for name, messages in problems.items():
        form.add_error(name, messages)


def _family(request: PanelRequest, pk: int, verb: Verb = Verb.SEE_SHARES) -> Family:
    """A family of the account of the page, if the viewer may do this with it."""
    family = get_object_or_404(Family.objects.filter(account=request.viewer.account), pk=pk)
    require(request.viewer, verb)
    return family


def _count_followers(family: Family) -> int:
    return len({pk for some in hooks.family_followers.ask(family.pk) for pk in some})


def _to_family(request: PanelRequest, pk: int) -> HttpResponse:
    return redirect("family_detail", number=request.viewer.account.number, pk=pk)
