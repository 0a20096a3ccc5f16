"""The doors at which somebody names a person, an account or an offer: by address, number or code."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from django.test import Client
from django.urls import reverse

from sharing import actions
from sharing.actions import Terms
from sharing.codes import make_code
from sharing.forms.terms import QUESTIONS
from tests import factories
from tests.bench.doors import Data, Door, Question
from tests.bench.visits import client_of
from tests.people import Cast

LOGINS = ("dave", "rhea", "zoey")  # Alice knows none of them, and nobody has the last one of each three
EMAILS = ("dave@example.org", "rhea@example.org", "zoey@example.org")
NOBODY = "1000000008"  # a number that is written correctly


def address_doors(cast: Cast) -> Iterator[Door]:
    """Every door that takes an address, over one image of Acme Producers."""
    alice = client_of(cast.alice)
    image = factories.make_image(cast.acme, cast.alice)
    numbers = (cast.beta.number, cast.rival.number, NOBODY)
    kinds = {"login": LOGINS, "email": EMAILS, "number": numbers}
    for kind, names in kinds.items():
        share = _path(cast, "share_image", pk=image.pk)
        yield _post(f"share box, check: {kind}", names, alice, share, _checked)
        yield _post(f"share box, offer: {kind}", names, alice, share, _offered)
        yield _post(f"share box, chips: {kind}", names, alice, _path(cast, "share_recipients"), _named)
        yield _get(f"suggestions: {kind}", names, alice, _path(cast, "share_suggestions"), "q")
        yield _post(f"hand over: {kind}", names, alice, _path(cast, "image_hand_over", pk=image.pk), _given)
        yield _get(f"activity, with whom: {kind}", names, alice, _path(cast, "activity"), "account")
        yield _get(f"activity, by whom: {kind}", names, alice, _path(cast, "activity"), "person")
        yield _get(f"shared by us, search: {kind}", names, alice, _path(cast, "share_list"), "q")
    for kind in ("login", "email"):
        yield _post(f"invite a person: {kind}", kinds[kind], alice, _path(cast, "member_invite"), _invited)
    invite = _path(cast, "organization_account_invite", pk=cast.acme_group.pk)
    yield _post("invite an account: number", numbers, alice, invite, _invited)
    proof = _path(cast, "share_by_sign_in", pk=image.pk)
    yield _post("share by signing in: number", numbers, alice, proof, lambda name: _proved(number=name))
    yield _post("share by signing in: login", LOGINS, alice, proof, lambda name: _proved(login=name))
    yield from _entrance(cast)
    yield _codes(cast)
    one, two, none = (_question("get", reverse("image_list", args=[number]), {}, number) for number in numbers)
    yield Door("the address of an account: number", client_of(cast.trudy), (one, two, none), keeps=True)


def _entrance(cast: Cast) -> Iterator[Door]:
    """The doors for those who are not signed in."""
    for kind, names in (("login", LOGINS), ("email", EMAILS)):
        yield _post(
            f"sign in: {kind}", names, Client(), reverse("account_login"), lambda name: _said(login=name), keeps=True
        )
    yield _post("reset a password: email", EMAILS, Client(), reverse("account_reset_password"), _mailed, keeps=True)


def _codes(cast: Cast) -> Door:
    """Two codes that were used by others, and one that never was."""
    image = factories.make_image(cast.acme, cast.alice)
    used = [actions.make_claim_code(image.pk, by=cast.producer, terms=Terms()) for _ in range(2)]
    for made in used:
        actions.claim_offer(made.share.pk, by=cast.consumer, offered_at=made.share.offered_at)
    path = reverse("claim_begin", kwargs={"number": cast.rival.number})
    codes = (*(made.code for made in used), make_code())
    return _post(
        "claim code: used or unknown", codes, client_of(cast.rhea), path, lambda code: {"code": code}, keeps=True
    )


def _post(
    name: str, names: tuple[str, ...], client: Client, path: str, data: Callable[[str], Data], *, keeps: bool = False
) -> Door:
    first, second, third = (_question("post", path, data(each), each) for each in names)
    return Door(name, client, (first, second, third), keeps)


def _get(name: str, names: tuple[str, ...], client: Client, path: str, parameter: str) -> Door:
    first, second, third = (_question("get", path, {parameter: each}, each) for each in names)
    return Door(name, client, (first, second, third), keeps=True)


def _question(method: str, path: str, data: Data, name: str) -> Question:
    grouped = f"{name[:4]} {name[4:8]} {name[8:]}" if name.isdigit() else name
    return Question(method, path, data, (grouped, grouped.replace(" ", "\u00a0"), name, quote(name)))


def _path(cast: Cast, name: str, **more: Any) -> str:
    return reverse(name, kwargs={"number": cast.acme.number, **more})


def _checked(name: str) -> Data:
    return _offered(name) | {"step": "check"}


def _offered(name: str) -> Data:
    return {"recipients": name, "questions": list(QUESTIONS)}


def _named(name: str) -> Data:
    return {"recipients": name}


def _given(name: str) -> Data:
    return {"to": name, "message": ""}


def _invited(name: str) -> Data:
    return {"address": name, "role": "creator"}


def _said(**said: str) -> Data:
    return {"password": "wrong", **said}


def _mailed(name: str) -> Data:
    return {"email": name}


def _proved(**said: str) -> Data:
    return {"number": NOBODY, "login": "bob", "password": "wrong", "questions": list(QUESTIONS), **said}
