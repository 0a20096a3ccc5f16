"""What the tests of sharing say often."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group

from accounts.viewer import Viewer
from images.models import Image
from images.permissions import granted_rights
from sharing import actions
from sharing.actions import Offered, Terms
from sharing.addresses import parse
from sharing.models import Share
from tests.people import Cast

Offer = Callable[..., Share]


def offer_all(image: Image, by: Viewer, recipients: str = "", *groups: Group, **terms: Any) -> list[Offered]:
    """Offer to everybody named in one text."""
    return actions.offer(image.pk, by=by, addresses=parse(recipients), groups=groups, terms=Terms(**terms))


def offer_one(image: Image, by: Viewer, recipient: str, **terms: Any) -> Share:
    """Offer to one recipient, and give back the row as it is stored."""
    [offered] = offer_all(image, by, recipient, **terms)
    return Share.objects.get(pk=offered.share.pk)


def grants(image: Image) -> dict[int, set[str]]:
    """The rights of everybody who has a grant, by the id of the group."""
    return {group: {right.name for right in rights} for group, rights in granted_rights(image).items()}


@pytest.fixture
def pending(cast: Cast, golden: Image) -> Share:
    """golden, offered to Beta Consumers by its number."""
    return offer_one(golden, cast.producer, cast.beta.number, message="Hardened base, please use.")


@pytest.fixture
def accepted(cast: Cast, pending: Share) -> Share:
    """golden, accepted by Bob for Beta Consumers."""
    return actions.accept(pending.pk, by=cast.consumer)


@pytest.fixture
def nobody_has() -> UUID:
    """An id that no image has."""
    return UUID(int=0)
