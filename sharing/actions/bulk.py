"""Offering several images at once. Each is an offer of its own: what is wrong with one does not stop the others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.addresses import Address
from accounts.errors import Conflict, wrong
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, require
from sharing.actions.conditions import check_daily_limit
from sharing.actions.offers import offer
from sharing.actions.terms import Offered, Terms
from sharing.lasting import checked_end
from sharing.rules import rules_of

MOST_IMAGES = 50
GONE = "It is not there any more."


@dataclass(frozen=True)
class OfferedImage:
    """What became of one image.

    Attributes:
        name: of the image; empty when it is not there.
        offered: a result for each recipient.
        problem: why the image was not offered to anybody; empty when it was.
    """

    image_id: UUID
    name: str
    offered: Sequence[Offered] = ()
    problem: str = ""


def offer_each(
    image_ids: Iterable[UUID],
    *,
    by: Viewer,
    addresses: Iterable[Address],
    groups: Iterable[Group],
    terms: Terms,
) -> Iterator[OfferedImage]:
    """Offer several images, each in a transaction of its own, on the same terms and to the same recipients.

    What concerns all of them is checked at once, before the first: the limit of the day is for the whole.

    Returns:
        What became of each image, in the order given. An image is offered when its turn comes.

    Raises:
        PermissionDenied: the viewer may not share images of the account.
        ValidationError: no recipient, too many images, an end that is past or later than rules allow, or more offers
            than one day allows. Then nothing was offered.
    """
    ids, addresses, groups = list(dict.fromkeys(image_ids)), list(addresses), list(groups)
    require(by, Verb.OFFER)
    require_few(ids)
    if not addresses and not groups:
        raise wrong("recipients", "Name at least one recipient.", "required")
    check_daily_limit(by.account, by.user, len(ids) * (len(addresses) + len(groups)))
    checked_end(rules_of(by.account), terms.access_until)
    names = dict(Image.objects.live().filter(account=by.account, pk__in=ids).values_list("pk", "name"))
    return (_offer_one(pk, names.get(pk, ""), by, addresses, groups, terms) for pk in ids)


def require_few(image_ids: Sequence[UUID]) -> None:
    """Refuse more images than one page can answer for.

    Raises:
        ValidationError: with how many there are and how many may be.
    """
    if len(image_ids) > MOST_IMAGES:
        text = f"Share at most {MOST_IMAGES} images at a time; these are {len(image_ids)}."
        raise ValidationError(text, code="too_many_images")


def _offer_one(
    pk: UUID, name: str, by: Viewer, addresses: list[Address], groups: list[Group], terms: Terms
) -> OfferedImage:
    try:
        return OfferedImage(pk, name, offer(pk, by=by, addresses=addresses, groups=groups, terms=terms))
    except Http404:
        return OfferedImage(pk, name, problem=GONE)
    except (PermissionDenied, Conflict) as refused:
        return OfferedImage(pk, name, problem=str(refused))
    except ValidationError as error:
        return OfferedImage(pk, name, problem=" ".join(error.messages))
