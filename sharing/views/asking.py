"""Pages of those who ask staff for something, or tell them of an image."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import permissions
from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from accounts.roles import Kind
from images.permissions import Verb, get_image
from images.views.answers import tell
from sharing.actions import asking as actions
from sharing.forms import OffersForm, PublicForm, ReportForm
from sharing.limits import offers_per_day
from sharing.models import Case


@require_http_methods(["GET", "HEAD", "POST"])
def image_report(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Tell staff of an image of somebody else."""
    viewer = request.viewer
    image = get_image(viewer, pk, Verb.REPORT)
    case = image.cases.waiting().filter(kind=Case.Kind.REPORT).first()
    if reason := actions.why_not_report(viewer, image, case):
        raise Conflict(reason)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.report_image(pk, by=viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, "Staff have your report, and tell you what they decide. The producer is not told of you.")
            return redirect("image_list", number=viewer.account.number)
    context = {"image": image, "form": form}
    return render(request, "sharing/image_report.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def public_ask(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Ask staff to put an image in everybody's list."""
    image = get_image(request.viewer, pk, Verb.ASK_FOR_PUBLIC)
    if reason := actions.why_not_ask_for_public(image):
        raise Conflict(reason)
    form = PublicForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.ask_for_public(pk, by=request.viewer, text=form.cleaned_data["text"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            undo = reverse("public_withdraw", args=[request.viewer.account.number, pk])
            tell(request, f"Staff are asked to make “{image.name}” public.", undo=undo)
            return redirect("image_detail", number=request.viewer.account.number, pk=pk)
    context = {"image": image, "form": form}
    return render(request, "sharing/public_ask.html", context, status=422 if form.errors else 200)


@require_POST
def public_withdraw(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Take the request back."""
    actions.withdraw_public_request(pk, by=request.viewer)
    tell(request, "The request is withdrawn. Who sees the image stays as it is.")
    return redirect("image_detail", number=request.viewer.account.number, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def offers_ask(request: PanelRequest) -> HttpResponse:
    """Ask staff for more offers a day, or see what became of that."""
    viewer = request.viewer
    permissions.get_group(viewer, Kind.ACCOUNT, None, permissions.Verb.ASK_FOR_MORE)
    form = OffersForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.ask_for_offers(by=viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, "Staff have your request. The admins of the account are told their answer.")
            return redirect("offers_ask", number=viewer.account.number)
    waiting = viewer.account.cases.waiting().filter(kind=Case.Kind.OFFERS).select_related("opened_by").first()
    context = {"form": form, "waiting": waiting, "allowed": offers_per_day(viewer.account)}
    return render(request, "sharing/offers_ask.html", context, status=422 if form.errors else 200)


@require_POST
def offers_withdraw(request: PanelRequest) -> HttpResponse:
    """Take the request back."""
    actions.withdraw_offers_request(by=request.viewer)
    tell(request, "The request is withdrawn.")
    return redirect("offers_ask", number=request.viewer.account.number)
