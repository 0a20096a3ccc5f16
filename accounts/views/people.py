"""What belongs to the person: the profile, the theme, invitations and notifications."""

from itertools import chain
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, hooks
from accounts.context_processors import THEMES
from accounts.forms import MailForm, PersonForm
from accounts.middleware import SignedInRequest
from accounts.models import Invitation, Notification, Organization
from accounts.viewer import open_memberships
from accounts.views.going_back import go_back

YEAR = 365 * 24 * 3600
MESSAGES_ON_A_PAGE = 50


@require_http_methods(["GET", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    """Who one is here, how one signs in, and what one belongs to."""
    form = PersonForm(request.POST or None, initial={"name": request.user.name})
    if form.is_valid():
        actions.edit_person(name=form.cleaned_data["name"], by=request.user)
        messages.success(request, "Your name is saved.")
        return redirect("profile")
    context = {
        "form": form,
        "mail_form": MailForm.of(request.user),
        "emails": EmailAddress.objects.filter(user=request.user).order_by("-primary", "email"),
        "has_second_factor": Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists(),
        "memberships": open_memberships(request.user),
    }
    return render(request, "accounts/profile.html", context)


@require_POST
def mail_choice(request: SignedInRequest) -> HttpResponse:
    """Say which messages also come by mail."""
    form = MailForm(request.POST)
    if form.is_valid():
        actions.choose_mail(form.cleaned_data["kinds"], by=request.user)
        messages.success(request, "Your choice is saved.")
    return redirect(f"{reverse('profile')}#mail")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie, so that the server writes it into the next page and nothing flashes."""
    chosen = request.POST.get("theme", "")
    response = go_back(request, reverse("profile"))
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie("theme")
    return response


@require_GET
def invitation(request: SignedInRequest, token: UUID) -> HttpResponse:
    """What one is invited to, by whom, and what joining means."""
    found = Invitation.objects.addressed_to(request.user).with_groups().filter(pk=token).first()
    if found is None or not found.to.is_open:
        raise Http404
    terms = hooks.joining_terms.ask(found.to) if isinstance(found.to, Organization) and found.invited_account else []
    context = {"invitation": found, "group": found.to, "terms": list(chain.from_iterable(terms))}
    return render(request, "accounts/invitation.html", context)


@require_POST
def invitation_accept(request: SignedInRequest, token: UUID) -> HttpResponse:
    """Join."""
    accepted = actions.accept_invitation(token, by=request.user)
    joined = accepted.invited_account.title if accepted.invited_account else "You"
    verb = "is" if accepted.invited_account else "are"
    messages.success(request, f"{joined} {verb} now in {accepted.to.title}.")
    return redirect(path_after_joining(request, accepted))


def path_after_joining(request: SignedInRequest, accepted: Invitation) -> str:
    """The page of what one has joined."""
    if accepted.kind == "account":
        return reverse("account_detail", kwargs={"number": accepted.group.as_account.number})
    account = accepted.invited_account or request.user.personal_account
    return reverse(f"{accepted.kind}_detail", kwargs={"number": account.number, "pk": accepted.group_id})


@require_POST
def invitation_decline(request: SignedInRequest, token: UUID) -> HttpResponse:
    """Say no."""
    declined = actions.decline_invitation(token, by=request.user)
    messages.success(request, f"You have declined the invitation to {declined.to.title}.")
    return redirect("notification_list")


@require_GET
def notification_list(request: SignedInRequest) -> HttpResponse:
    """Invitations that wait for an answer, and what one was told."""
    unread = request.GET.get("show") == "unread"
    told = Notification.objects.unread_by(request.user) if unread else request.user.notifications.all()
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        told = told.filter(pk__lt=int(before[:18]))
    page = list(told.order_by("-pk")[: MESSAGES_ON_A_PAGE + 1])
    kept = {"show": "unread"} if unread else {}
    older = urlencode(kept | {"before": page[MESSAGES_ON_A_PAGE - 1].pk}) if len(page) > MESSAGES_ON_A_PAGE else ""
    context = {
        "invitations": Invitation.objects.pending_for(request.user).with_groups().order_by("-invited_at"),
        "notifications": page[:MESSAGES_ON_A_PAGE],
        "tabs": [
            {"label": "All", "href": reverse("notification_list"), "current": not unread},
            {"label": "Unread", "href": "?show=unread", "current": unread},
        ],
        "unread": unread,
        "older": f"?{older}" if older else "",
        "newer": f"?{urlencode(kept)}" if before else "",
    }
    return render(request, "accounts/notification_list.html", context)


@require_POST
def notification_open(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mark a message as read and lead to its page."""
    notification = actions.mark_read(pk, by=request.user)
    return redirect(notification.path or reverse("notification_list"))


@require_POST
def notification_read_all(request: SignedInRequest) -> HttpResponse:
    """Mark every message as read."""
    actions.mark_all_read(by=request.user)
    return redirect("notification_list")
