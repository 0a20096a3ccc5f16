"""The list of servers, the page of one, and what is done there."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from accounts.viewer import Viewer
from images.models import Image
from servers import actions
from servers.consoles import output_of
from servers.forms import RenameForm
from servers.listing import FILTERS, Wanted, page_of
from servers.models import Server, Snapshot
from servers.permissions import Verb, get_server, refusal, require
from servers.saving import images_of
from servers.states import Reasons, State, why_not_rebuild


@require_safe
def server_list(request: PanelRequest) -> HttpResponse:
    """The servers of the account: one query."""
    wanted = Wanted.read(request.GET.dict())
    page = page_of(request.viewer, wanted)
    path, kept = reverse("server_list", args=[request.viewer.account.number]), wanted.parameters
    context = {
        "wanted": wanted,
        "rows": page.rows,
        "is_moving": any(row.server.is_busy for row in page.rows),
        "why_not_create": refusal(request.viewer, Verb.CREATE),
        "tabs": _tabs(path, wanted),
        "first": path,
        "newer": _address(path, kept | {"before": str(page.newer)}) if page.newer else "",
        "older": _address(path, kept | {"after": str(page.older)}) if page.older else "",
    }
    return render(request, "servers/list.html", context)


def _tabs(path: str, wanted: Wanted) -> list[dict[str, Any]]:
    kept = {"q": wanted.q} if wanted.q else {}
    return [
        {
            "label": label,
            "href": _address(path, kept | ({"status": status} if status else {})),
            "current": status == wanted.status,
        }
        for status, label in FILTERS.items()
    ]


def _address(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


@never_cache
@require_safe
def server_detail(request: PanelRequest, pk: UUID) -> HttpResponse:
    """How a server stands, what it prints, and what can be done. Asks for itself, often while something moves."""
    server = get_server(request.viewer, pk, Verb.SEE)
    image, made = _image_of(server, request.viewer), images_of(server)
    seen = _seen(server, image, made)
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)  # nothing on the page is to change, and nobody's focus is to be lost
    context = {
        "server": server,
        "state": State.of(server),
        "reasons": Reasons.of(server, request.viewer),
        "image": image,
        "is_own_image": server.image.account_id == request.viewer.account.pk,
        "made": made,
        "may_cancel": not refusal(request.viewer, Verb.SNAPSHOT),
        "is_moving": server.is_busy or any(each.is_open for each in made),
        "seen": seen,
    }
    return render(request, "servers/detail.html", context)


def _seen(server: Server, image: Image | None, made: Sequence[Snapshot]) -> str:
    """What tells one state of the page from another."""
    facts = [server.changed_at, image and image.updated_at, [(each.pk, each.status, each.progress) for each in made]]
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _image_of(server: Server, viewer: Viewer) -> Image | None:
    """The image, if the account still has it."""
    return Image.objects.visible_to(viewer).select_related("account").filter(pk=server.image_id).first()


@never_cache
@require_safe
def server_console(request: PanelRequest, pk: UUID) -> HttpResponse:
    """The last part of what a server has printed."""
    server = get_server(request.viewer, pk, Verb.SEE)
    return render(request, "servers/console.html", {"server": server, "output": output_of(server)})


@never_cache
@require_safe
def server_console_more(request: PanelRequest, pk: UUID) -> HttpResponse:
    """What a server has printed since, for a page that is open; from the byte that it asks for."""
    server = get_server(request.viewer, pk, Verb.SEE)
    asked = request.GET.get("from", "")
    offset = {"offset": int(asked[:15])} if asked.isascii() and asked.isdigit() else {}
    context = {"server": server, "output": output_of(server, **offset), "number": request.viewer.account.number}
    return render(request, "servers/console/part.html#output", context)


@require_POST
def server_start(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Have a server run."""
    return _to(request, actions.start_server(pk, by=request.viewer), "is being started.")


@require_POST
def server_stop(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Have a server stopped."""
    return _to(request, actions.stop_server(pk, by=request.viewer), "is being stopped.")


@require_POST
def server_reboot(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Have a server started again."""
    return _to(request, actions.reboot_server(pk, by=request.viewer), "is being rebooted.")


@require_http_methods(["GET", "HEAD", "POST"])
def server_rebuild(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Begin a server anew from its image, after saying what is lost."""
    if request.method == "POST":
        return _to(request, actions.rebuild_server(pk, by=request.viewer), "is being rebuilt.")
    server = get_server(request.viewer, pk, Verb.OPERATE)
    context = {"server": server, "reason": why_not_rebuild(server, request.viewer)}
    return render(request, "servers/rebuild.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def server_rename(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Give a server another name."""
    server = get_server(request.viewer, pk, Verb.OPERATE)
    form = RenameForm(request.POST if request.method == "POST" else None, initial={"name": server.name})
    if form.is_valid():
        name = form.cleaned_data["name"]
        renamed = attempt(form, lambda: actions.rename_server(pk, by=request.viewer, name=name))
        if renamed:
            return _to(request, renamed, "is its name now.")
    context = {"server": server, "form": form}
    return render(request, "servers/rename.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def server_delete(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Delete a server, after saying what is lost."""
    server = get_server(request.viewer, pk, Verb.SEE)
    require(request.viewer, Verb.DELETE)
    if request.method == "POST":
        actions.delete_server(pk, by=request.viewer)
        messages.success(request, f"“{server.name}” is being deleted.")
        return redirect("server_list", number=request.viewer.account.number)
    return render(request, "servers/delete.html", {"server": server})


def _to(request: PanelRequest, server: Server, words: str) -> HttpResponse:
    messages.success(request, f"“{server.name}” {words}")
    return redirect("server_detail", number=request.viewer.account.number, pk=server.pk)
