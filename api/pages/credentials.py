"""Pages of application credentials: which there are, a new one, and the end of one."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.middleware import PanelRequest
from accounts.pages import tabs_of
from api.credentials import lines_for


@require_GET
def credential_list(request: PanelRequest) -> HttpResponse:
    """Which programs sign in here, and how one does."""
    viewer = request.viewer
    context = {
        "group": viewer.account,
        "tabs": tabs_of(viewer, viewer.account, "api_access"),
        "credentials": lines_for(viewer),
    }
    return render(request, "api/credentials/list.html", context)
