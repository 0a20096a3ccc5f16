"""Images made from servers: asked for in a dialog, followed and cancelled on the page of the server."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from images.permissions import Verb as ImageVerb
from images.permissions import require as require_for_image
from servers import actions
from servers.forms import SaveForm
from servers.permissions import Verb, get_server
from servers.saving import Descent
from servers.states import why_not_save


@require_http_methods(["GET", "HEAD", "POST"])
def server_image_create(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Have an image made from the disk of a server, after saying whose limits hold for it."""
    require_for_image(request.viewer, ImageVerb.CREATE)
    server = get_server(request.viewer, pk, Verb.SNAPSHOT)
    form = SaveForm(request.POST if request.method == "POST" else None, server=server)
    if form.is_valid():
        name = form.cleaned_data["name"]
        snapshot = attempt(form, lambda: actions.start_snapshot(pk, by=request.viewer, name=name))
        if snapshot:
            messages.success(request, f"“{snapshot.name}” is being made from “{server.name}”.")
            return redirect("server_detail", number=request.viewer.account.number, pk=pk)
    context = {
        "server": server,
        "form": form,
        "reason": why_not_save(server),
        "descent": Descent.of(server, request.viewer),
    }
    return render(request, "servers/save.html", context, status=422 if form.errors else 200)


@require_POST
def server_image_discard(request: PanelRequest, pk: UUID, snapshot: UUID) -> HttpResponse:
    """Cancel an image that is being made, or put aside one that failed."""
    discarded = actions.discard_snapshot(pk, snapshot, by=request.viewer)
    said = "is not made any more." if discarded.is_open else "is put aside."
    messages.success(request, f"“{discarded.name}” {said}")
    return redirect("server_detail", number=request.viewer.account.number, pk=pk)
