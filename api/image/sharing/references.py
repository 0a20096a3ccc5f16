"""An account's own entry for an image of others: its label, notes, login name and ports."""

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.image.members import find, not_found
from api.image.sharing.bodies import ports, read_fields, text
from images import actions
from images.actions.references import can_be_added
from images.models import Image
from images.permissions import Verb, get_image
from images.references import words_beside

# By name, the fields of the body. Whatever is left out is emptied.
WORDS = {
    "label": text(255, "What people of the account see instead of the image's name."),
    "notes": text(4000, "What the account says of it beside the producer's description."),
    "default_login": text(64, "Whom to sign in as on a server."),
    "ports": ports("On which ports servers listen."),
}


class Reference(ImageEndpoint):
    """``/v2/images/{image_id}/reference``."""

    def get(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Show it, with what the producer says of the same."""
        asked = cast("ApiRequest", request)
        image = _image(asked, image_id, Verb.SEE)
        if image.reference_id is None:
            raise Http404("This account has no words of its own about the image.")
        return json_answer(reference_record(image))

    def put(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Say it anew. An image that is open to all is in the account's list from then on."""
        asked = cast("ApiRequest", request)
        said = read_fields(request, WORDS)
        image = _image(asked, image_id, Verb.LABEL)
        if image.reference_id is None and can_be_added(image):
            actions.add_reference(image.pk, by=asked.viewer)
        actions.label(image.pk, by=asked.viewer, **said)
        return json_answer(reference_record(_image(asked, image_id, Verb.SEE)))

    def delete(self, request: HttpRequest, image_id: str) -> HttpResponse:
        """Forget it. An image that is open to all is no longer in the account's list."""
        asked = cast("ApiRequest", request)
        if _image(asked, image_id, Verb.LABEL).reference_id is None:
            raise Http404("This account has no words of its own about the image.")
        actions.remove_reference(find(asked, image_id).pk, by=asked.viewer)
        return HttpResponse(status=204)


def reference_record(image: Image) -> dict[str, Any]:
    """The JSON of the account's words.

    Args:
        image: loaded with its reference (``images.permissions.get_image``).
    """
    changed = [words.field for words in words_beside(image) if words.has_changed]
    return {
        "image_id": str(image.pk),
        "label": image.own_label,
        "notes": image.own_notes,
        "default_login": image.own_login,
        "ports": image.own_ports,
        "changed_by_producer": changed,
    }


def _image(asked: ApiRequest, image_id: str, verb: Verb) -> Image:
    """An image in the region of the service that the viewer can see.

    Raises:
        Refusal: 404.
        PermissionDenied: as ``get_image``.
    """
    try:
        return get_image(asked.viewer, find(asked, image_id).pk, verb)
    except Http404:
        raise not_found(image_id) from None
