"""The ways into the panel: the first page, the first administrator, and the sign of life."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import actions, hooks
from accounts.actions.people import has_administrator
from accounts.forms import SetupForm, attempt
from accounts.middleware import last_viewer


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the first page of the account that one worked for last."""
    viewer = last_viewer(request)
    if viewer is None:
        return redirect("profile")
    homes = hooks.account_home.ask(viewer.account)
    return redirect(homes[0] if homes else reverse("account_detail", kwargs={"number": viewer.account.number}))


@login_not_required
@never_cache
@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Tell a load balancer whether this process serves and reaches its database. Says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("no database", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Make the first administrator with the one-time code. Public, because nobody can sign in before."""
    if has_administrator():
        return redirect(settings.LOGIN_URL)
    form = SetupForm(request.POST or None)
    if form.is_valid():
        user = attempt(form, lambda: actions.create_first_administrator(**form.cleaned_data))
        if user:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            messages.success(request, f"Welcome, {user}. You administer this panel.")
            return redirect("home")
    return render(request, "accounts/setup.html", {"form": form})
