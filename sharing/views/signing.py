"""The page of a producer who can sign in to the receiving account."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.addresses import find_account
from accounts.middleware import PanelRequest
from accounts.proof import TOO_MANY, prove_admin
from accounts.viewer import Viewer
from images.looks import Look
from images.menus import address
from images.models import Image
from images.permissions import Verb, get_image
from sharing import actions
from sharing.actions import Offered
from sharing.actions.conditions import require_offerable
from sharing.actions.signing import accepted_already, require_open_way, wanted_proof
from sharing.forms import SignInShareForm
from sharing.rules import rules_of
from sharing.views.producing import sharing_section

# One answer, whatever was wrong: which part was right is for nobody to find out.
NOT_PROVED = (
    "Nothing was shared: with these you cannot accept for this account. Check the number, the login, the password and "
    "the second factor, and that the person is an admin of the account. The account may also not take this way."
)


@sensitive_post_parameters("number", "login", "password", "code")
@never_cache
@require_http_methods(["GET", "POST"])
def share_by_sign_in(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Share an image and accept it at once, by what an admin of the receiving account signs in with."""
    image = get_image(request.viewer, pk, Verb.OFFER)
    require_offerable(image)
    form = SignInShareForm(request.POST if request.method == "POST" else None, viewer=request.viewer, images=[image])
    if form.is_valid() and (offered := _share(request, image, form)):
        messages.success(request, f"{offered.address}: {offered.text}")
        return redirect(sharing_section(request, pk))
    status = (429 if form.has_error("__all__", TOO_MANY) else 422) if form.errors else 200
    context = facts_for_terms(request.viewer, image) | {"form": form}
    return render(request, "sharing/share_by_sign_in.html", context, status=status)


def facts_for_terms(viewer: Viewer, image: Image) -> dict[str, Any]:
    """What the questions before sharing are about."""
    return {
        "image": image,
        "private": image.visibility == Image.Visibility.PRIVATE,
        "look": Look(image.data),
        "look_url": address(viewer, "image_inside", image),
    }


@sensitive_variables("form")
def _share(request: PanelRequest, image: Image, form: SignInShareForm) -> Offered | None:
    """What came of it; None after putting the reason into the form."""
    number = form.cleaned_data["number"]
    try:
        named = find_account(number)
        require_open_way(image, named, request.viewer, form.terms, rules_of(image.account))
        if already := accepted_already(image, number.value):
            return already
        wanted = wanted_proof(image, named)
        admin = prove_admin(request, form.credentials, account=wanted.account, who=wanted.who)
        offered = None
        if wanted.account and admin:
            offered = actions.offer_signed_in(
                image.pk, by=request.viewer, account=wanted.account, admin=admin, terms=form.terms
            )
    except ValidationError as error:
        form.add_error(None, error)
        return None
    if offered is None:
        actions.sign_in_failed(image.pk, by=request.viewer, number=str(number), named=named)
        form.add_error(None, NOT_PROVED)
    return offered
