"""The world of the API's permission matrix: a program for somebody in every position towards one image of Acme."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.test import Client

from accounts.models import Account, User
from accounts.roles import Role
from api import tokens
from api.actions import make_credential
from api.models import ApplicationCredential
from api.openapi.parts import BYTES, Body, Operation, Service
from images.actions import NewImage, start_import, start_queued
from images.demo_disks import bootable_raw
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from sharing.models import Share
from tests import factories
from tests.people import Cast

DISK = bootable_raw("Sent by a program.", size=8192)


@dataclass(frozen=True)
class Persona:
    """A program, and whom it works for.

    Attributes:
        token: what it sends; empty for none.
        named: what stands for this one in addresses, where it differs from person to person.
    """

    token: str
    named: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ApiWorld:
    """Everybody, and what addresses of the API can name.

    Attributes:
        named: by the variant of a row ("" for none), what stands in its address.
    """

    personas: Mapping[str, Persona]
    named: Mapping[str, Mapping[str, object]]
    client: Client = field(default_factory=Client)  # one for all: to make it takes longer than a request

    def ask(self, name: str, service: Service, operation: Operation, variant: str = "") -> int:
        """The status that a persona is answered."""
        persona = self.personas[name]
        named = {**self.named[""], **persona.named, **(self.named[variant] if variant else {})}
        answer = self.client.generic(
            operation.method, service.address + operation.path.format(**named), **_asked(persona.token, operation)
        )
        if answer.streaming:
            list(answer)
        return int(answer.status_code)


def build(cast: Cast) -> ApiWorld:
    """Acme shares an image with four accounts: one has to decide, one accepted, one rejected, one was removed."""
    olga = _join("olga", cast.acme, Role.OBSERVER)
    waiting, rejecting, removed = (_account(f"{word} Co", word) for word in ("waiting", "rejecting", "removed"))
    sides = {"p": waiting, "a": (cast.beta, cast.bob, cast.dave), "r": rejecting, "x": removed}
    image = factories.make_image(cast.acme, cast.alice, visibility="shared")
    shares = _share(cast, image, {name: account for name, (account, _admin, _observer) in sides.items()})
    credential, _secret = make_credential(by=cast.producer, name="nightly", role=Role.OBSERVER)
    personas = {
        "none": Persona(""),
        "obs": _program(olga, cast.acme),
        "cre": _program(cast.carol, cast.acme),
        "adm": _program(cast.alice, cast.acme),
        "low": _program(cast.alice, cast.acme, credential=credential),
        "str": _program(cast.trudy, cast.trudy.personal_account),
        "sta": _program(cast.sam, cast.sam.personal_account),
        "root": _program(cast.root, cast.root.personal_account),
        "uns": _program(cast.alice),
    }
    for name, (account, admin, observer) in sides.items():
        own = {"member": account.number, "offer": shares[name].pk}
        for role, person in (("a", admin), ("o", observer)):
            program = _program(person, account)
            personas[f"{name}-{role}"] = replace(program, named={**program.named, **own})
    return ApiWorld(personas, _named(cast, image, shares, credential))


def _join(login: str, account: Account, role: Role) -> User:
    person = factories.make_person(login)
    factories.join(person, account, role)
    return person


def _account(title: str, word: str) -> tuple[Account, User, User]:
    """An account with an admin and an observer."""
    admin = factories.make_person(f"{word}-admin")
    account = factories.make_account(title, admin)
    return account, admin, _join(f"{word}-observer", account, Role.OBSERVER)


def _program(user: User, account: Account | None = None, *, credential: ApplicationCredential | None = None) -> Persona:
    number = account.number if account else ""
    method = "application_credential" if credential else "password"
    token = tokens.issue(user, number=number, methods=(method,), credential=credential)
    return Persona(token.signed(), {"user_id": user.username, "project_id": number})


def _share(cast: Cast, image: Image, accounts: Mapping[str, Account]) -> dict[str, Share]:
    addresses = parse(", ".join(account.number for account in accounts.values()))
    offered = actions.offer(image.pk, by=cast.producer, addresses=addresses)
    shares = {name: each.share for name, each in zip(accounts, offered, strict=True)}
    actions.accept(shares["a"].pk, by=cast.consumer)
    rejecting = shares["r"].recipient.memberships.get(role=Role.ADMIN).user  # type: ignore[union-attr]
    actions.reject(shares["r"].pk, by=factories.viewer(rejecting, accounts["r"]))
    actions.remove(image.pk, shares["x"].pk, by=cast.producer)
    return shares


def _named(
    cast: Cast, image: Image, shares: Mapping[str, Share], credential: ApplicationCredential
) -> dict[str, dict[str, object]]:
    new = NewImage("queued", cast.iad, "shared", disk_format="raw", container_format="bare")
    imported = start_import(by=cast.creator, url="https://mirror.example/disk.img", new=new)
    open_image = factories.make_image(cast.acme, cast.alice, name="open", visibility="community")
    return {
        "": {
            "image_id": image.pk,
            "member": cast.beta.number,
            "share": shares["p"].pk,
            "offer": shares["p"].pk,
            "tag": "golden",
            "task_id": imported.pk,
            "project_id": cast.acme.number,
            "domain_id": "default",
            "user_id": cast.alice.username,
            "role_id": "member",
            "credential_id": credential.pk,
            "name": "image",
            "namespace": "any",
        },
        "queued": {"image_id": start_queued(by=cast.creator, new=new).pk},
        "private": {"image_id": factories.make_image(cast.acme, cast.alice, name="own").pk},
        "open": {"image_id": open_image.pk},
        "rejected": {"share": shares["r"].pk},
        "acme": {"project_id": cast.acme.number, "user_id": cast.alice.username},
    }


def _asked(token: str, operation: Operation) -> dict[str, Any]:
    """Headers, and the example of the document as body."""
    headers = {"X-Auth-Token": token, "X-Subject-Token": token} if token else {}
    if operation.body is None:
        return {"headers": headers}
    return {"headers": headers, "data": _data(operation.body), "content_type": operation.body.kinds[0]}


def _data(body: Body) -> bytes:
    return DISK if BYTES in body.kinds else json.dumps(body.shown).encode()
