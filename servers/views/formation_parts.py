"""The parts of a formation: adding, changing and removing one, and how many servers it has."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Conflict
from accounts.forms import attempt
from accounts.middleware import PanelRequest
from images.models import Image
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from servers import actions
from servers.actions.formations import part_of
from servers.choosing import GONE, choices_of, chosen_size, flavors_of, sizes_for
from servers.fitting import place_of
from servers.formations import Standing, standing_of
from servers.forms.formations import PartForm, ScaleForm
from servers.models import FormationPart
from servers.permissions import Verb, get_formation
from servers.selecting import Selector


@require_http_methods(["GET", "HEAD", "POST"])
def part_add(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Add a part: its image, size, name and number."""
    standing = standing_of(get_formation(request.viewer, pk, Verb.ARRANGE))
    page = PartPage(request, standing)
    if page.done(lambda wanted: actions.add_part(pk, by=request.viewer, wanted=wanted), standing.why_not_add):
        messages.success(request, "The part is added.")
        return _to(request, pk)
    return page.render(heading="Add a part", button="Add part")


@require_http_methods(["GET", "HEAD", "POST"])
def part_edit(request: PanelRequest, pk: UUID, part: int) -> HttpResponse:
    """Change a part."""
    standing = standing_of(get_formation(request.viewer, pk, Verb.ARRANGE))
    page = PartPage(request, standing, part_of(standing, part))
    if page.done(
        lambda wanted: actions.change_part(pk, part, by=request.viewer, wanted=wanted), standing.why_not_change
    ):
        messages.success(request, "The part is changed.")
        return _to(request, pk)
    return page.render(heading="Change a part", button="Save")


@require_POST
def part_remove(request: PanelRequest, pk: UUID, part: int) -> HttpResponse:
    """Take a part out."""
    get_formation(request.viewer, pk, Verb.ARRANGE)
    actions.remove_part(pk, part, by=request.viewer)
    messages.success(request, "The part is removed.")
    return _to(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def part_scale(request: PanelRequest, pk: UUID, part: int) -> HttpResponse:
    """More or fewer servers of a part, while the formation is launched."""
    standing = standing_of(get_formation(request.viewer, pk, Verb.ARRANGE))
    found = part_of(standing, part)
    place = place_of(standing.formation.region, request.viewer.account)
    data = request.POST if request.method == "POST" else None
    form = ScaleForm(data, viewer=request.viewer, place=place, initial={"count": found.count})
    if request.method == "POST" and form.is_valid() and _scaled(request, standing, found, form):
        messages.success(request, f"“{found.name}” has {form.cleaned_data['count']} from now on.")
        return _to(request, pk)
    context = {
        "formation": standing.formation,
        "part": found,
        "servers": standing.servers_of(found),
        "form": form,
        "reason": "" if standing.is_launched else "It is not launched: change the part instead.",
    }
    return render(request, "servers/formations/scale.html", context, status=422 if form.errors else 200)


def _scaled(request: PanelRequest, standing: Standing, part: FormationPart, form: ScaleForm) -> bool:
    count, launch, pk = form.cleaned_data["count"], form.launch(), standing.formation.pk
    try:
        actions.scale_part(pk, part.pk, by=request.viewer, count=count, launch=launch)
    except ValidationError as refused:
        form.add_error("count", refused.messages)
        return False
    return True


class PartPage:
    """What is chosen of a part so far, and what there is to choose from."""

    def __init__(self, request: PanelRequest, standing: Standing, part: FormationPart | None = None) -> None:
        self.request = request
        self.viewer = request.viewer
        self.formation = standing.formation
        self.part = part
        self.region = self.formation.region
        self.selector = Selector(request, request.path)
        self.place = place_of(self.region, self.viewer.account)
        self.flavors = flavors_of(self.region)
        self.image = self._image()
        self.form = PartForm(request.POST if request.method == "POST" else None, initial=self._suggested())

    def _image(self) -> Image | None:
        """The chosen image, as long as the account has it."""
        given = self.selector.given.cleaned_data
        asked = self.request.POST.get("image", "") if self.request.method == "POST" else given.get("image")
        try:
            pk = UUID(str(asked)) if asked else self.part.image_id if self.part else None
            return get_image(self.viewer, pk, ImageVerb.SEE) if pk else None
        except (Http404, ValueError):
            return None

    def _suggested(self) -> dict[str, Any]:
        if self.part:
            return {"name": self.part.name, "count": self.part.count, "flavor": self.part.flavor_id}
        return {"name": (self.image.own_label or self.image.name)[:50]} if self.image else {}

    def done(self, action: Callable[[actions.WantedPart], FormationPart], why_not: str) -> bool:
        """Do what the form says; nothing, with the reasons in the form, where that cannot be.

        Raises:
            Conflict: the formation is not to be changed now.
        """
        if why_not:
            raise Conflict(why_not)
        if not self.form.is_valid():
            return False
        try:
            return attempt(self.form, lambda: action(self.form.wanted())) is not None
        except Http404:
            self.form.add_error("image", GONE)
        except PermissionDenied as refused:
            self.form.add_error("image", str(refused))
        return False

    def render(self, *, heading: str, button: str) -> HttpResponse:
        """The page."""
        choice = choices_of(self.viewer, [self.image], self.place, self.flavors)[0] if self.image else None
        sizes = sizes_for(self.image, self.flavors, self.place)
        asked = str(self.form["flavor"].value() or "")
        context = {
            "heading": heading,
            "button": button,
            "formation": self.formation,
            "form": self.form,
            "region": self.region,
            "place": self.place,
            "choice": choice,
            "open_step": "" if choice and self.selector.given.cleaned_data.get("change") != "image" else "image",
            "sizes": sizes,
            "size": chosen_size(sizes, asked),
            "change_image": self.selector.address(self.region, change="image"),
            "choose": self.selector.address(self.region, image=""),
        }
        if context["open_step"] == "image":
            context |= self.selector.context(self.place, self.flavors)
        status = 422 if self.form.errors else 200
        return render(self.request, "servers/formations/part.html", context, status=status)


def _to(request: PanelRequest, pk: UUID) -> HttpResponse:
    return redirect("formation_detail", number=request.viewer.account.number, pk=pk)
