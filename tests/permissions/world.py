"""The world of the permission matrix: somebody in every position, and one of everything that can be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.actions import invite, make_feed, make_reviewer
from accounts.addresses import parse_one
from accounts.models import Account, AnyGroup, Feed, Membership, User
from accounts.roles import Role
from accounts.viewer import Viewer
from api.actions import make_credential
from api.models import ApplicationCredential
from images.actions import (
    NewImage,
    create_family,
    plan_change,
    put_into_family,
    request_quota,
    start_import,
    start_upload,
)
from images.models import Image, PlannedChange
from images.quotas import Counted
from servers.models import Snapshot
from sharing import actions
from sharing.actions import asking
from sharing.addresses import parse
from sharing.models import Case, Delivery, HandOver, OfferRequest, Share
from tests import factories
from tests.people import Cast
from tests.servers.conftest import boot, make_flavor
from tests.servers.formations.conftest import add, make_formation
from tests.servers.keys import make_cloud_key, make_place


@dataclass(frozen=True)
class World:
    """Everybody, and what the addresses of the panel can name.

    Attributes:
        personas: by name: the person (None: not signed in) and the account in which they work.
        cookies: by the same names: those of a browser in which they are signed in.
        own: what stands in the addresses of Acme's own pages, by the name of the page.
        received: the same for the pages on which somebody else meets Acme's image.
    """

    personas: Mapping[str, tuple[User | None, Account]]
    cookies: Mapping[str, SimpleCookie]
    own: Mapping[str, Mapping[str, Any]]
    received: Mapping[str, Mapping[str, Any]]


def build(cast: Cast) -> World:
    """Acme shares an image: Beta has it, Golden Testers have it, Ivy and (another one) Beta are asked, Rhea said no."""
    make_reviewer(cast.sam)
    olga, ivy, cleo = (factories.make_person(login) for login in ("olga", "ivy", "cleo"))
    factories.join(olga, cast.acme, Role.OBSERVER)
    factories.join(cleo, cast.beta, Role.CREATOR)
    factories.join(cast.carol, cast.golden_testers, Role.MEMBER)
    factories.join(cast.erin, cast.acme_group, Role.MEMBER)
    image, shares = _shared_image(cast)
    personas: dict[str, tuple[User | None, Account]] = {
        "anonymous": (None, cast.acme),
        "observer": (olga, cast.acme),
        "creator": (cast.carol, cast.acme),
        "admin": (cast.alice, cast.acme),
        "stranger": (cast.trudy, cast.trudy.personal_account),
        "rival": (cast.rhea, cast.rival),
        "invited": (ivy, ivy.personal_account),
        "c-observer": (cast.dave, cast.beta),
        "c-creator": (cleo, cast.beta),
        "c-admin": (cast.bob, cast.beta),
        "group": (cast.erin, cast.erin.personal_account),
        "staff": (cast.sam, cast.sam.personal_account),
        "root": (cast.root, cast.root.personal_account),
    }
    cookies = {name: _sign_in(user) for name, (user, _account) in personas.items()}
    return World(personas, cookies, _own(cast, image, shares, olga), _received(cast, image, shares))


def _sign_in(user: User | None) -> SimpleCookie:
    """The cookies of a browser in which somebody is signed in, or nobody."""
    client = Client()
    if user:
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client.cookies


def reported(cast: Cast) -> Case:
    """A case that waits on the review desk, about an image of Acme that everybody sees."""
    image = factories.make_image(cast.acme, cast.alice, visibility="community")
    return asking.report_image(image.pk, by=cast.consumer, reason="spam").case


def _shared_image(cast: Cast) -> tuple[Image, dict[str, Share]]:
    image = factories.make_image(cast.acme, cast.alice)
    offered = actions.offer(
        image.pk,
        by=cast.producer,
        addresses=parse(f"{cast.beta.number}, ivy, rhea"),
        groups=[cast.golden_testers.group_ptr],
    )
    beta, ivy, rhea, _group = (each.share for each in offered)
    actions.accept(beta.pk, by=cast.consumer)
    actions.reject(rhea.pk, by=factories.viewer(cast.rhea))
    # Long enough ago for a reminder.
    Share.objects.filter(pk=ivy.pk).update(offered_at=timezone.now() - timedelta(days=2))
    return image, {"beta": beta, "ivy": ivy, "rhea": rhea}


def _offered(by: Any, to: Account, **fields: Any) -> Share:
    image = factories.make_image(by.account, by.user, **fields)
    [offered] = actions.offer(image.pk, by=by, addresses=parse(to.number))
    return offered.share


def _expired_code(cast: Cast, image: Image) -> Share:
    share = actions.make_claim_code(image.pk, by=cast.creator, terms=actions.Terms()).share
    Share.objects.filter(pk=share.pk).update(offer_expires_at=timezone.now())
    return share


def _wanted(cast: Cast, image: Image) -> OfferRequest:
    """An offer of Carol's that waits for a second person."""
    expires = timezone.now() + timedelta(days=1)
    address = {"kind": "login", "address": "trudy", "address_title": "trudy"}
    return OfferRequest.objects.create(
        image=image, organization=cast.acme_group, requested_by=cast.carol, expires_at=expires, **address
    )


def _own(cast: Cast, image: Image, shares: dict[str, Share], olga: User) -> dict[str, dict[str, Any]]:
    """For the pages of Acme: its image, its people, and what Beta offers to it."""
    of_image = {"pk": image.pk}
    waiting, held = _offered(cast.consumer, cast.acme), _offered(cast.consumer, cast.acme)
    actions.accept(held.pk, by=cast.producer)
    open_image = factories.make_image(cast.beta, cast.bob, visibility="community")
    upload = start_upload(by=cast.creator, filename="disk.img")
    new = NewImage(name="imported", region=cast.iad)
    fetched = start_import(by=cast.creator, url="https://mirror.example/disk.img", new=new)
    block = actions.block(cast.rival, recipient=cast.acme.group_ptr, by=cast.producer)
    trust = actions.trust(cast.beta.group_ptr, recipient=cast.acme, by=cast.producer)
    wanted, delivery = _wanted(cast, image), _delivery(cast)
    make_flavor(cast.iad)
    return {
        "image": of_image,
        "public": of_image,
        "share_image": of_image,
        "share_remove": of_image | {"share": shares["beta"].pk},
        "share_remind": of_image | {"share": shares["ivy"].pk},
        "share_again": of_image | {"share": shares["rhea"].pk},
        "share_until": of_image | {"share": shares["beta"].pk},
        "share_ask": {"pk": held.image_id},
        "image_plan_cancel": of_image | {"planned": _planned(cast, image).pk},
        "share_by_sign_in": of_image,
        "claim_code_create": of_image,
        "claim_code_renew": of_image | {"share": _expired_code(cast, image).pk},
        "claim_confirm": {"share": waiting.pk},
        "family": _family(cast),
        "server": _server(cast, image),
        "formation": _formation(cast, image),
        "image_hand_over_cancel": {"pk": _asked_for(cast.producer, "nobody-like-this").image_id},
        "hand_over": {"hand_over": _asked_for(cast.consumer, cast.acme.number).pk},
        "versions": {"share": held.pk},
        "share_leave": {"pk": held.image_id},
        "reference_edit": {"pk": held.image_id},
        "reference": {"pk": open_image.pk},
        "upload": {"pk": upload.pk},
        "import": {"pk": fetched.pk},
        "offer": {"share": waiting.pk},
        "trust": {"trust": trust.pk},
        "feed": {"feed": _feed(cast).pk},
        "credential": {"credential": _credential(cast).pk},
        "webhook": {"webhook": delivery.webhook_id},
        "network": {"region": make_place().region_id},
        "cloud_key": {"region": make_cloud_key(cast.producer).region_id},
        "delivery": {"webhook": delivery.webhook_id, "event": delivery.event_id},
        "block": {"block": block.pk},
        "reference_use_theirs": {"pk": held.image_id, "field": "label"},
        "quota": {"pk": request_quota(by=cast.producer, wanted={Counted.IMAGES: 2000}, reason="More.").pk},
        "organization_exposure_ask": {"pk": cast.acme_group.pk, "share": shares["beta"].pk},
        "approval": {"pk": cast.acme_group.pk, "wanted": wanted.pk},
        "approval_withdraw": of_image | {"wanted": wanted.pk},
        "member": _member(cast.acme, olga),
        "invitation_revoke": _invitation(cast.acme, cast.alice, Role.OBSERVER),
        "team": {"pk": cast.golden_testers.pk}
        | _member(cast.golden_testers, cast.erin)
        | _invitation(cast.golden_testers, cast.alice, Role.MEMBER),
        "organization": {"pk": cast.acme_group.pk, "account_id": _second_account(cast).pk}
        | _member(cast.acme_group, cast.erin)
        | _invitation(cast.acme_group, cast.alice, Role.MEMBER),
    }


def _server(cast: Cast, image: Image) -> dict[str, Any]:
    """A server of Acme, of which no image could be made."""
    server = boot(cast.creator, image)
    failed = {"status": Snapshot.Status.FAILED, "finished_at": timezone.now()}
    snapshot = Snapshot.objects.create(server=server, name="kept", created_by=cast.carol, **failed)
    return {"pk": server.pk, "snapshot": snapshot.pk}


def _family(cast: Cast) -> dict[str, Any]:
    """A family of Acme with one version."""
    family = create_family(by=cast.producer, name="debian-12-base")
    image = factories.make_image(cast.acme, cast.alice, name="debian-12-base-1")
    put_into_family(image.pk, family.pk, by=cast.producer, version="1")
    return {"pk": family.pk, "image": image.pk}


def _formation(cast: Cast, image: Image) -> dict[str, Any]:
    """A formation of Acme with one part, not launched."""
    formation = make_formation(cast.creator)
    return {"pk": formation.pk, "part": add(formation, cast.creator, image).pk}


def _asked_for(by: Viewer, to: str) -> HandOver:
    image = factories.make_image(by.account, by.user, name="handed-over")
    return actions.ask_to_take_over(image.pk, by=by, wish=actions.Wish(parse_one(to)))


def _planned(cast: Cast, image: Image) -> PlannedChange:
    day = timezone.now() + timedelta(days=7)
    return plan_change(image.pk, by=cast.producer, change=PlannedChange.Change.DEACTIVATE, at=day)


def _received(cast: Cast, image: Image, shares: dict[str, Share]) -> dict[str, dict[str, Any]]:
    """For whoever meets Acme's image in an account of their own."""
    asked = _offered(cast.producer, cast.beta, name="ubuntu-24.04-web-base")
    return {
        "image": {"pk": image.pk},
        "public": {"pk": image.pk},
        "image_plan_cancel": {"pk": image.pk, "planned": PlannedChange.objects.get().pk},
        "reference": {"pk": image.pk},
        "reference_use_theirs": {"pk": image.pk, "field": "label"},
        "share": {"pk": image.pk, "share": shares["ivy"].pk},
        "approval_withdraw": {"pk": image.pk, "wanted": OfferRequest.objects.get().pk},
        "claim_code": {"pk": image.pk, "share": shares["ivy"].pk},
        "offer": {"share": asked.pk},
        "offer@invited": {"share": shares["ivy"].pk},
        "offer@rejected": {"share": shares["rhea"].pk},
    }


def _member(group: AnyGroup, user: User) -> dict[str, Any]:
    return {"membership_id": Membership.objects.get(group=group.pk, user=user).pk}


def _invitation(group: AnyGroup, host: User, role: Role) -> dict[str, Any]:
    account = group if isinstance(group, Account) else None
    invitation = invite(group, address="nobody@new.example", role=role, by=factories.viewer(host, account))
    return {"token": invitation.pk}


def _second_account(cast: Cast) -> Account:
    return factories.make_account("Acme Research", cast.alice, organization=cast.acme_group)


def _feed(cast: Cast) -> Feed:
    """Carol's, of Acme: admins revoke it, too."""
    make_feed(by=cast.creator)
    return Feed.objects.get()


def _credential(cast: Cast) -> ApplicationCredential:
    """Carol's, for Acme: admins revoke it, too."""
    return make_credential(by=cast.creator, name="ci", role=Role.CREATOR)[0]


def _delivery(cast: Cast) -> Delivery:
    webhook, _secret = actions.create_webhook(by=cast.producer, url="https://hooks.example.org/")
    return actions.send_test(webhook.pk, by=cast.producer)
