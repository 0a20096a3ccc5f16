"""openrc.sh and clouds.yaml, ready to use."""

from allauth.mfa.models import Authenticator
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from accounts.models import User
from api.client_files import FILES, Way, way_by_credential, way_by_password
from api.credentials import credential_for
from api.forms import SecretForm


@never_cache
@require_GET
def access_file(request: PanelRequest, name: str) -> HttpResponse:
    """A file for one's own password, which is not in it."""
    if reason := why_no_password(request.user):
        raise Conflict(reason)
    return _file(name, way_by_password(request, request.user, request.viewer.account))


@never_cache
@sensitive_variables()
@sensitive_post_parameters("secret")
@require_POST
def credential_file(request: PanelRequest, credential: str, name: str) -> HttpResponse:
    """A file with the secret that a page has just shown: it comes back in the body, and no address ever holds it."""
    form = SecretForm(request.POST)
    secret = form.cleaned_data["secret"] if form.is_valid() else ""
    found = credential_for(secret=secret, pk=credential)
    if found is None or found.user_id != request.user.pk or found.account_id != request.viewer.account.pk:
        raise Http404
    return _file(name, way_by_credential(request, found, secret))


def why_no_password(user: User) -> str:
    """Why somebody's password alone opens nothing to programs; empty where it does. One query."""
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        return ""
    return "You sign in with a second factor, which programs cannot give. Make a credential instead."


def _file(name: str, way: Way) -> HttpResponse:
    kind = "application/yaml" if name.endswith(".yaml") else "text/x-shellscript"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(FILES[name](way), content_type=f"{kind}; charset=utf-8", headers=headers)
