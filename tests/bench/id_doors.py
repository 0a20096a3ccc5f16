"""The doors at which somebody names a thing by its id: every address of an account's page with an id in it."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.urls import reverse
from django.urls.converters import UUIDConverter

from images.actions import create_family
from sharing import actions
from tests import factories
from tests.architecture.test_urls import OF_AN_ACCOUNT, Page
from tests.bench.doors import FleetingDoor, Question
from tests.bench.visits import client_of
from tests.people import Cast
from tests.permissions.test_matrix import arguments
from tests.permissions.world import build

NO_NUMBER = 987_654  # of a row
METHODS = ("get", "post")
OTHERS = {"number", "field"}  # arguments that are no ids


def id_doors(cast: Cast) -> Iterator[FleetingDoor]:
    """Every page with an id in its address: Trudy asks, in her own account, about what is Acme's, and about nothing.

    Where there are two ids, she also puts one of her own in the first place.
    """
    world, mine, client = dict(build(cast).own), _own(cast), client_of(cast.trudy)
    world |= {"reference": world["image"]}  # the image that stands there is open to everybody
    yield from _fields(cast, client, world, mine)
    for page in OF_AN_ACCOUNT:
        ids = [name for name, _converter in page.converters if name not in OTHERS]
        known = {name: value for name, value in arguments(world, page.name).items() if name in ids}
        if not ids:
            continue
        assert len(known) == len(ids), f"{page.name}: {ids} are not in the world of the permission matrix."
        yield from _doors(page, client, cast.trudy.personal_account.number, {}, known)
        if len(ids) > 1:
            first = {ids[0]: mine[page.route.split("<")[1]]}
            yield from _doors(page, client, cast.trudy.personal_account.number, first, known)


def _fields(cast: Cast, client: Client, world: Mapping[str, Any], mine: Mapping[str, str]) -> Iterator[FleetingDoor]:
    """The same for what can stand in a field of a form, or behind the question mark of an address."""
    image, share = world["image"]["pk"], world["share_remove"]["share"]
    own_image, own_family = {"pk": mine["str:number>/images/"]}, {"pk": mine["str:number>/families/"]}
    fields: list[tuple[str, str, dict[str, str], str, Any]] = [
        *(
            ("get", name, {}, "q", image)
            for name in ("image_list", "marketplace", "community", "offer_list", "share_list")
        ),
        ("get", "activity", {}, "image", image),
        ("get", "share_images", {}, "image", image),
        ("post", "share_images", {}, "image", image),
        ("post", "share_recipients", {}, "image", image),
        ("post", "share_image", own_image, "groups", cast.beta.pk),
        ("post", "share_undo", {}, "share", share),
        ("post", "trust_add", {}, "producer", cast.acme.pk),
        ("post", "account_policy_trust", {}, "producer", cast.acme.pk),
        ("post", "image_life", own_image, "replacement", image),
        ("post", "family_add", own_family, "image", image),
        ("post", "image_family", own_image, "family", "debian-12-base"),
    ]
    for method, name, ids, field, value in fields:
        path = reverse(name, kwargs={"number": cast.trudy.personal_account.number, **ids})
        nothing = uuid4() if isinstance(value, UUID) else NO_NUMBER if isinstance(value, int) else "debian-99-base"
        first, second, third = (Question(method, path, {field: each}, ()) for each in (value, value, nothing))
        yield FleetingDoor(f"{method} {name}, in {field}", client, (first, second, third), keeps=True)


def _doors(
    page: Page, client: Client, number: str, mine: Mapping[str, str], known: Mapping[str, str]
) -> Iterator[FleetingDoor]:
    nothing = {name: _nothing(converter) for name, converter in page.converters if name in known}
    paths = [page.path(number=number, **{**ids, **mine}) for ids in (known, known, nothing)]
    for method in METHODS:
        first, second, third = (Question(method, path, {}, ()) for path in paths)
        name = f"{method} {page.name}{', first of her own' if mine else ''}"
        door = FleetingDoor(name, client, (first, second, third), keeps=True)
        if door.ask(0).status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            yield door


def _nothing(converter: Any) -> str:
    return str(uuid4() if isinstance(converter, UUIDConverter) else NO_NUMBER)


def _own(cast: Cast) -> dict[str, str]:
    """Something of Trudy's for the first place of an address, by what stands between the number and that place."""
    trudy = factories.viewer(cast.trudy)
    webhook, _secret = actions.create_webhook(by=trudy, url="https://hooks.example.org/")
    return {
        "str:number>/images/": str(factories.make_image(cast.trudy.personal_account, cast.trudy).pk),
        "str:number>/families/": str(create_family(by=trudy, name="appliance").pk),
        "str:number>/groups/": str(factories.make_team("Trudy's testers", cast.trudy).pk),
        "str:number>/organizations/": str(factories.make_organization("Trudy's group", cast.trudy).pk),
        "str:number>/account/webhooks/": str(webhook.pk),
    }
