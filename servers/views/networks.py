"""Networks that clouds offer to accounts."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.middleware import PanelRequest
from accounts.views.going_back import next_url
from images.models import Region
from servers import actions
from servers.clouds.base import CloudProblem
from servers.permissions import Verb, require


@require_POST
def network_ask(request: PanelRequest, region: str) -> HttpResponse:
    """Ask the cloud of a region which networks it has now, for the choice on Create Server."""
    require(request.viewer, Verb.CREATE)
    place = get_object_or_404(Region, code=region)
    try:
        networks = actions.ask_for_networks(place, by=request.viewer)
    except CloudProblem as problem:
        messages.error(request, str(problem))
    else:
        count = len(networks)
        messages.success(
            request, f"{place.name} has {count or 'no'} network{'' if count == 1 else 's'} for this account."
        )
    create = reverse("server_create", kwargs={"number": request.viewer.account.number})
    return redirect(next_url(request, f"{create}?{urlencode({'region': place.code})}"))
