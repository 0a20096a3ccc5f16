"""Create Server."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from images.models import Image, Region
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from servers import actions
from servers.budgets import level_of
from servers.choosing import GONE, Choice, advice_for, choices_of, chosen_network, chosen_size, flavors_of, sizes_for
from servers.fitting import place_of
from servers.forms import ServerForm
from servers.limits import pressing
from servers.models import Server
from servers.permissions import Verb, refusal, require
from servers.selecting import Selector


@sensitive_post_parameters("user_data", "new_ssh_key")
@require_http_methods(["GET", "POST"])
def server_create(request: PanelRequest) -> HttpResponse:
    """Region, image, size and the rest on one page; each step is an address, and the last one a form."""
    require(request.viewer, Verb.CREATE)
    page = CreatePage(request)
    if request.method == "POST" and (servers := page.boot()):
        return redirect(page.address_after(servers))
    is_fragment = request.htmx.target == "create-server" and not request.htmx.history_restore_request
    template = "servers/create.html#create" if is_fragment else "servers/create.html"
    response = render(request, template, page.context(), status=422 if page.form.errors else 200)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


class CreatePage:
    """What is chosen so far, and what there is to choose from."""

    def __init__(self, request: PanelRequest) -> None:
        self.request = request
        self.viewer = request.viewer
        self.selector = Selector(request, reverse("server_create", kwargs={"number": self.viewer.account.number}))
        self.given = self.selector.given
        self.regions = list(Region.objects.select_related("cloud"))
        self.image = self._image()
        self.region = self.image.region if self.image else self.given.region_of(self.regions)
        self.place = place_of(self.region, self.viewer.account) if self.region else None
        self.flavors = flavors_of(self.region)
        self.form = ServerForm(
            request.POST if request.method == "POST" else None,
            viewer=self.viewer,
            place=self.place,
            initial=self._suggested(),
        )

    def _image(self) -> Image | None:
        """The chosen image. One that went while the form was filled in is said in the form, which keeps the rest."""
        if self.request.method == "GET":
            pk = self.given.cleaned_data.get("image")
            return get_image(self.viewer, pk, ImageVerb.SEE) if pk else None
        try:
            return get_image(self.viewer, UUID(self.request.POST.get("image", "")), ImageVerb.SEE)
        except (Http404, ValueError):
            return None

    def _suggested(self) -> dict[str, Any]:
        if self.image is None:
            return {}
        ports = self.image.own_ports or self.image.ports
        name = (self.image.own_label or self.image.name)[:240]
        suggested = {"name": name, "ports": ports, "image": self.image.pk}
        if network := self.given.cleaned_data.get("network"):
            suggested["network"] = network
        return suggested

    def boot(self) -> list[Server]:
        """Boot what the form says; nothing, with the reasons in the form, where that cannot be."""
        if not self.form.is_valid():
            return []
        try:
            return self._booted()
        except ValidationError as error:
            for field, problems in error.error_dict.items():
                self.form.add_error(field if field in self.form.fields else None, problems)
        except Http404:
            self.form.add_error("image", GONE)
        except actions.SentAlready as sent:
            self.form.add_error(None, str(sent))
            self._count_as_new()
        except (PermissionDenied, Conflict) as refused:
            self.form.add_error("image", str(refused))
        return []

    def _count_as_new(self) -> None:
        """Let what the form says be another request, when it is sent again."""
        data = self.request.POST.copy()
        data["request"] = self.form.initial["request"]
        self.form.data = data

    @transaction.atomic
    def _booted(self) -> list[Server]:
        """The servers; and the key that was pasted for them is kept with them, or not at all."""
        new, given = self.form.new_server(), self.form.cleaned_data
        if text := given["new_ssh_key"].strip():
            key = actions.have_ssh_key(text, by=self.viewer.user)
            new = replace(new, ssh_keys=[*new.ssh_keys, key.pk])
        return actions.create_servers(new, by=self.viewer, count=given["count"])

    def address_after(self, servers: list[Server]) -> str:
        """The page of the server; of all of them, where there are several."""
        number = self.viewer.account.number
        if len(servers) > 1:
            return reverse("server_list", kwargs={"number": number})
        return reverse("server_detail", kwargs={"number": number, "pk": servers[0].pk})

    def context(self) -> dict[str, Any]:
        """What the page shows."""
        choice = self._choice()
        change = self.given.cleaned_data.get("change", "")
        sizes = sizes_for(self.image, self.flavors, self.place)
        asked = self.form.data.get("flavor", "") or self.given.cleaned_data.get("flavor", "")
        why_not = self.place.cloud.why_not() if self.place and self.place.cloud else ""
        context: dict[str, Any] = {
            "form": self.form,
            "regions": [_region_line(region, self.of(region=region.code)) for region in self.regions],
            "region": self.region,
            "place": self.place,
            "why_not": why_not,
            "choice": choice,
            "advice": advice_for(choice, self.viewer) if choice else None,
            "budget": level_of(self.viewer.account),
            "pressing": pressing(self.viewer.account),
            "open_step": change or ("" if choice else "image"),
            "sizes": sizes,
            "size": chosen_size(sizes, asked),
            "network": chosen_network(self.place, _asked_of(self.form, "network")),
            "here": self.of(image=self.image.pk if self.image else ""),
            "change_region": self.of(change="region"),
            "why_not_key": refusal(self.viewer, Verb.MANAGE_KEYS),
            "change_image": self.of(change="image"),
            "choose": self.of(image=""),
        }
        if context["open_step"] == "image" and self.place:
            context |= self.selector.context(self.place, self.flavors)
        return context

    def of(self, **changes: object) -> str:
        """This page with these parameters changed."""
        return self.selector.address(self.region, **changes)

    def _choice(self) -> Choice | None:
        if self.image is None or self.place is None:
            return None
        return choices_of(self.viewer, [self.image], self.place, self.flavors)[0]


def _asked_of(form: ServerForm, name: str) -> str:
    """What a field of the form says, or begins with; empty where it has no such field."""
    return str(form[name].value() or "") if name in form.fields else ""


def _region_line(region: Region, href: str) -> dict[str, Any]:
    cloud = getattr(region, "cloud", None)
    reason = "" if cloud else "It keeps images only: no servers run there."
    if cloud and cloud.closed_at:
        reason = "It is closed for new servers."
    return {"region": region, "href": href, "reason": reason}
