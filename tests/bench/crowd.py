"""A panel that has been in use for years, as far as the list of images notices."""

import random
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, Permission
from django.db import connection

from accounts.models import Membership, User
from accounts.roles import Kind, Role
from images.models import Image, ImageGroupObjectPermission
from images.permissions import Right
from tests import factories
from tests.people import Cast, call_together

IMAGES = 100_000
GRANTS = 100_000
MEMBERSHIPS = 50_000
GROUPS = 5_000
PEOPLE = 10_000
HEAVY = 20_000  # images shared with Bob's account
TYPICAL = 40  # images shared with Rhea's account, and as many of its own
LATEST = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 5_000
# Of a thousand images, this many are open to all; the others are shared.
PUBLIC, COMMUNITY = 20, 20


def assemble() -> Cast:
    """Rhea is the typical person; Bob is the one with whom far too much is shared."""
    cast = call_together()
    chance = random.Random(1)
    groups = Group.objects.bulk_create(Group(name=f"crowd-{number}") for number in range(GROUPS))
    _belong(groups, chance)
    images = _images(cast)
    _grants(cast, images, [group.pk for group in groups], chance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return cast


def _belong(groups: list[Group], chance: random.Random) -> None:
    people = User.objects.bulk_create(User(username=f"crowd-{number}") for number in range(PEOPLE))
    each = MEMBERSHIPS // PEOPLE
    Membership.objects.bulk_create(
        (
            Membership(user=person, group=group, kind=Kind.TEAM, role=Role.MEMBER)
            for person in people
            for group in chance.sample(groups, each)
        ),
        batch_size=BATCH,
    )


def _images(cast: Cast) -> list[Image]:
    """A tenth of them belong to Acme, a few to Rhea's account, the rest to a hundred others."""
    others = [factories.make_account(f"Crowd {number}", cast.trudy) for number in range(100)]
    data = factories.make_data()
    return Image.objects.bulk_create(
        (
            Image(
                account=cast.rival if number % (IMAGES // TYPICAL) == 0 else [cast.acme, *others][number % 101],
                region=cast.iad,
                data=data,
                name=f"image-{number}",
                visibility=_visibility(number % 1000),
                created_by=cast.alice,
                created_at=LATEST - timedelta(minutes=number),
            )
            for number in range(IMAGES)
        ),
        batch_size=BATCH,
    )


def _visibility(number: int) -> str:
    if number < PUBLIC:
        return Image.Visibility.PUBLIC
    return Image.Visibility.COMMUNITY if number < PUBLIC + COMMUNITY else Image.Visibility.SHARED


def _grants(cast: Cast, images: list[Image], groups: list[int], chance: random.Random) -> None:
    shared = [image for image in images if image.visibility == Image.Visibility.SHARED]
    given = [(image, cast.beta.pk) for image in chance.sample(shared, HEAVY)]
    given += [(image, cast.rival.pk) for image in chance.sample(shared, TYPICAL)]
    given += {(chance.choice(shared), chance.choice(groups)) for _ in range(GRANTS - len(given))}
    permission = Permission.objects.get_by_natural_key(Right.USE, "images", "image")
    ImageGroupObjectPermission.objects.bulk_create(
        (
            ImageGroupObjectPermission(
                group_id=group, permission=permission, content_object=image, image_created_at=image.created_at
            )
            for image, group in given
        ),
        batch_size=BATCH,
    )
