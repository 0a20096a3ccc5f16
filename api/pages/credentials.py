"""Pages of application credentials: which there are, a new one, and the end of one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from accounts.pages import tabs_of
from api import actions
from api.actions.credentials import why_no_more
from api.client_files import CLOUD, DOMAIN
from api.forms import CredentialForm
from api.identity.discovery import address
from api.listing import page_for
from api.models import ApplicationCredential
from api.pages.files import why_no_password
from api.validators import storable


@require_GET
def credential_list(request: PanelRequest) -> HttpResponse:
    """Which programs sign in here, and how one does."""
    viewer, before = request.viewer, storable(request.GET.get("before", ""))
    page = page_for(viewer, before=before)
    context = {
        "group": viewer.account,
        "tabs": tabs_of(viewer, viewer.account, "api_access"),
        "page": page,
        "newer": request.path if before else "",
        "why_no_more": why_no_more(viewer),
        "why_no_password": why_no_password(viewer.user),
        "auth_url": address(request, ""),
        "domain": DOMAIN,
    }
    return render(request, "api/credentials/list.html", context)


@never_cache
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def credential_create(request: PanelRequest) -> HttpResponse:
    """Make one, and show its secret this once. It is in this answer, and nowhere else."""
    form = CredentialForm(request.POST if request.method == "POST" else None, viewer=request.viewer)
    if form.is_valid():
        made = attempt(form, lambda: actions.make_credential(by=request.viewer, **form.arguments()))
        if made:
            credential, secret = made
            context = {"credential": credential, "secret": secret, "cloud": CLOUD}
            return render(request, "api/credentials/secret.html", context)
    context = {"form": form, "why_no_more": why_no_more(request.viewer)}
    return render(request, "api/credentials/create.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def credential_revoke(request: PanelRequest, credential: str) -> HttpResponse:
    """End one, after saying what that means."""
    if request.method == "POST":
        revoked = actions.revoke_credential(credential, by=request.viewer)
        messages.success(request, f"“{revoked.name}” is revoked.")
        return redirect("credential_list", number=request.viewer.account.number)
    shown = ApplicationCredential.objects.shown_to(request.viewer).select_related("user")
    return render(request, "api/credentials/revoke.html", {"credential": get_object_or_404(shown, pk=credential)})
