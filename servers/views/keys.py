"""Keys of people for servers, and of accounts for clouds."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import attempt
from accounts.middleware import PanelRequest, SignedInRequest
from accounts.pages import tabs_of
from accounts.views.going_back import next_url
from images.models import Region
from servers import actions
from servers.actions.keys import why_not_removed
from servers.forms.keys import CloudKeyForm, SshKeyForm
from servers.keys import Place, places_of, tried, tried_again
from servers.models import SshKey
from servers.permissions import Verb, refusal, require


@require_http_methods(["GET", "POST"])
def ssh_key_list(request: SignedInRequest) -> HttpResponse:
    """One's own keys, and the form for another one."""
    form = SshKeyForm(request.POST if request.method == "POST" else None, initial={"next": request.GET.get("next")})
    if form.is_valid() and (key := attempt(form, lambda: _added(form, request))):
        messages.success(request, f"“{key.name}” is added.")
        return redirect(next_url(request, reverse("ssh_key_list")))
    context = {
        "form": form,
        "keys": SshKey.objects.filter(user=request.user),
        "next_url": next_url(request, ""),
    }
    return render(request, "servers/keys/ssh.html", context, status=422 if form.errors else 200)


def _added(form: SshKeyForm, request: SignedInRequest) -> SshKey:
    return actions.add_ssh_key(form.cleaned_data["public_key"], by=request.user, name=form.cleaned_data["name"])


@require_http_methods(["GET", "POST"])
def ssh_key_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take one away, after saying what it does not change."""
    if request.method == "POST":
        key = actions.remove_ssh_key(pk, by=request.user)
        messages.success(request, f"“{key.name}” is removed. Servers that have it keep it.")
        return redirect("ssh_key_list")
    key = get_object_or_404(SshKey, user=request.user, pk=pk)
    return render(request, "servers/keys/ssh_remove.html", {"key": key})


@require_GET
def cloud_key_list(request: PanelRequest) -> HttpResponse:
    """Which regions need a key of the account, and what it has for them."""
    viewer = request.viewer
    require(viewer, Verb.SEE)
    context = {
        "group": viewer.account,
        "tabs": tabs_of(viewer, viewer.account, "cloud_keys"),
        "places": places_of(viewer.account),
        "why_not": refusal(viewer, Verb.MANAGE_KEYS),
    }
    return render(request, "servers/keys/list.html", context)


@never_cache
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
def cloud_key_edit(request: PanelRequest, region: str) -> HttpResponse:
    """Add a key, or replace the one that is there. It is tried before it is kept."""
    place = _place(request, region)
    form = CloudKeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(form, lambda: _kept(form, request, place)):
        messages.success(request, f"The cloud key for {place.region.name} works, and is kept.")
        return redirect(next_url(request, reverse("cloud_key_list", kwargs={"number": request.viewer.account.number})))
    context = {"form": form, "place": place, "next": next_url(request, "")}
    return render(request, "servers/keys/edit.html", context, status=422 if form.errors else 200)


def _kept(form: CloudKeyForm, request: PanelRequest, place: Place) -> bool:
    """Whether the cloud accepts the key; then it is kept."""
    given, hosts = form.cleaned_data, " ".join(place.cloud.hosts)
    if request.POST.get("hosts", hosts) != hosts:
        form.add_error(None, "Staff have just changed where this key goes. Read it above, and give the key again.")
        return False
    test = tried(place.cloud, given["credential_id"], given["secret"])
    if test.problem:
        form.add_error("credential_id", test.problem)
        return False
    actions.save_cloud_key(place.region, by=request.viewer, project_id=test.project_id, **given)
    return True


@require_POST
def cloud_key_test(request: PanelRequest, region: str) -> HttpResponse:
    """Try the key that is kept once more."""
    place = _place(request, region)
    if place.key is None:
        raise Http404
    problem = tried_again(place.key, place.cloud)
    actions.note_test(place.key, by=request.viewer, problem=problem)
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, f"The cloud key for {place.region.name} works.")
    return redirect("cloud_key_list", number=request.viewer.account.number)


@require_http_methods(["GET", "POST"])
def cloud_key_remove(request: PanelRequest, region: str) -> HttpResponse:
    """Forget a key, after saying what becomes of the servers."""
    place = _place(request, region)
    if place.key is None:
        raise Http404
    if request.method == "POST":
        actions.remove_cloud_key(place.region, by=request.viewer)
        messages.success(request, f"The cloud key for {place.region.name} is removed.")
        return redirect("cloud_key_list", number=request.viewer.account.number)
    why_not = why_not_removed(request.viewer.account, place.region)
    return render(request, "servers/keys/remove.html", {"place": place, "why_not": why_not})


def _place(request: PanelRequest, region: str) -> Place:
    """A region that needs a key, for whoever may manage it.

    Raises:
        Http404: there is no such region, or it needs none.
        PermissionDenied: only an admin does this.
    """
    get_object_or_404(Region, code=region)
    require(request.viewer, Verb.MANAGE_KEYS)
    place = next((place for place in places_of(request.viewer.account) if place.region.code == region), None)
    if place is None:
        raise Http404
    return place
