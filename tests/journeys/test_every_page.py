"""Every page on a laptop and on a phone, light and dark: nothing serious for axe-core, nothing scrolls sideways, and
the browser has nothing to complain about.
"""

from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from accounts.actions import invite
from accounts.addresses import parse_one
from accounts.models import Membership, User
from accounts.roles import Role
from api.actions import make_credential
from api.models import ApplicationCredential
from images.actions import (
    End,
    NewImage,
    announce_end,
    create_family,
    delete,
    edit,
    label,
    plan_change,
    put_into_family,
    refuse_quota_request,
    request_quota,
    start_import,
)
from images.inside.kinds import KINDS
from images.models import ContentCheck, Image, Quota, Upload
from images.quotas import Counted
from servers.actions import attend_to_server, run_snapshot, set_budget, start_snapshot
from servers.clouds.base import CloudRefused
from servers.models import Server
from sharing import actions
from sharing.addresses import parse
from sharing.models import Delivery, OfferRequest, Share, Webhook
from tests.factories import make_image, viewer
from tests.journeys.conftest import PHONE, Visit, listening
from tests.people import Cast
from tests.servers.conftest import boot, make_flavor
from tests.servers.formations.conftest import add, launch, make_formation
from tests.servers.keys import make_cloud_key, make_ssh_key
from tests.servers.memory import MemoryCloud, put_in_place

SERIOUS = {"serious", "critical"}
SCREENS = {"laptop": {"width": 1440, "height": 900}, "phone": PHONE}
OUTSIDE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
OF_PERSON = [
    "/me/",
    "/me/ssh-keys/",
    "/api/",
    "/notifications/",
    "/new-account/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
]
OF_ACCOUNT = [
    "images/",
    "images/?tab=community",
    "images/?q=nothing-like-this",
    "images/upload/",
    "images/upload/?upload={upload}",
    "images/import/",
    "images/incoming/",
    "images/{image}/",
    "images/{image}/edit/",
    "images/{image}/visibility/",
    "images/{image}/deactivate/",
    "images/{image}/convert/",
    "images/{image}/inside/",
    "images/{image}/delete/",
    "images/{image}/family/",
    "images/{image}/life/",
    "images/{image}/copy/",
    "images/{image}/hand-over/",
    "images/{ending}/",
    "images/{ending}/life/",
    "families/",
    "families/new/",
    "families/{family}/",
    "families/{family}/add/",
    "families/{family}/dissolve/",
    "hand-overs/{hand_over}/",
    "hand-overs/{hand_over}/reject/",
    "images/{image}/share/",
    "images/{image}/share/sign-in/",
    "images/{image}/share/claim-code/",
    "images/{image}/shares/{code}/claim-code/",
    "images/register/",
    "servers/create/",
    "servers/create/?change=region",
    "api-access/",
    "api-access/new/",
    "api-access/{credential}/revoke/",
    "cloud-keys/",
    "cloud-keys/ORD/",
    "cloud-keys/ORD/remove/",
    "servers/",
    "servers/?q=nothing-like-this",
    "servers/{server}/",
    "servers/{server}/console/",
    "servers/{server}/image/",
    "servers/{server}/rebuild/",
    "servers/{server}/delete/",
    "servers/{failed}/",
    "images/share/",
    "images/share/?image={image}&image={looked}",
    "images/{image}/shares/{share}/remove/",
    "images/{image}/shares/{share}/until/",
    "images/{image}/access/",
    "images/{image}/access/?q=nothing-like-this",
    "images/{looked}/access/",
    "sharing/",
    "images/{looked}/",
    "images/{looked}/share/",
    "images/{damaged}/",
    "images/{received}/",
    "images/{received}/label/",
    "images/{received}/leave/",
    "shared/",
    "shared/add/",
    "shared/?tab=accepted",
    "shared/?tab=rejected",
    "shared/?tab=expired",
    "shared/?tab=producers",
    "shared/?q=nothing-like-this",
    "shared/{offer}/accept/",
    "shared/{offer}/accept-all/",
    "shared/{offer}/block/",
    "shared/{offer}/reject/",
    "marketplace/",
    "community/",
    "community/?q=nothing-like-this",
    "images/{received}/report/",
    "images/{image}/public/ask/",
    "account/offers/ask/",
    "account/",
    "account/edit/",
    "account/close/",
    "account/leave/",
    "account/policy/",
    "account/quota/request/",
    "groups/",
    "groups/new/",
    "groups/{team}/",
    "groups/{team}/close/",
    "organizations/",
    "organizations/{organization}/",
    "organizations/{organization}/policy/",
    "organizations/{organization}/rules/",
    "organizations/{organization}/approvals/",
    "organizations/{organization}/approvals/{wanted}/refuse/",
    "organizations/{organization}/exposure/",
    "organizations/{organization}/exposure/?filter=open",
    "organizations/{organization}/budgets/",
    "organizations/{organization}/budgets/{account}/",
    "organizations/{organization}/sizes/",
    "formations/",
    "formations/new/",
    "formations/{formation}/",
    "formations/{formation}/edit/",
    "formations/{formation}/end/",
    "formations/{formation}/delete/",
    "formations/{formation}/parts/{part}/scale/",
    "formations/{stopped}/",
    "formations/{stopped}/launch/",
    "formations/{stopped}/parts/add/",
    "formations/{stopped}/parts/{stopped_part}/",
    "activity/",
    "activity/?image=debian&verb=offered",
    "account/webhooks/",
    "account/webhooks/new/",
    "account/webhooks/{webhook}/",
    "account/webhooks/{webhook}/edit/",
    "account/webhooks/{webhook}/secret/",
    "account/webhooks/{webhook}/remove/",
]
LONG = "a-name-that-goes-on-and-on-" * 4 + "and-ends-here"


@pytest.fixture
def paths(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages of an account that has something of everything."""
    image = make_image(cast.acme, cast.alice, description="A hardened base.\n\nFor all new servers.", name=LONG)
    shares = actions.offer(
        image.pk,
        by=cast.producer,
        addresses=parse(f"{cast.beta.number}, rhea, {'somebody' * 6}@example.com"),
        groups=[cast.golden_testers.group_ptr],
    )
    actions.reject(shares[1].share.pk, by=viewer(cast.rhea), reason="Not needed any more.")
    soon = timezone.now() + timedelta(days=9)
    actions.set_end(image.pk, shares[0].share.pk, by=cast.producer, until=soon)
    plan_change(image.pk, by=cast.producer, change="delete", at=soon)
    make_image(cast.acme, cast.carol, visibility="community", name="netbsd-10-classroom")
    _begin_import(cast)
    _ask_for_more(cast)
    _decide_on_offers(cast)
    make_ssh_key(cast.alice, name=LONG[:80])
    make_cloud_key(cast.producer, credential_id=LONG, project_id=LONG[:64], problem=LONG)
    names = {
        "upload": _begin_uploads(cast).pk,
        "looked": _looked_into(cast).pk,
        "damaged": _damaged(cast).pk,
        "image": image.pk,
        **_lives(cast),
        **_servers(cast, image, put_in_place(monkeypatch)),
        "share": shares[0].share.pk,
        "code": _expired_code(cast, image).pk,
        "received": _accepted(cast).pk,
        "offer": actions.offer(
            make_image(cast.beta, cast.bob, name=LONG).pk, by=cast.consumer, addresses=parse(cast.acme.number)
        )[0].share.pk,
        "team": cast.golden_testers.pk,
        "organization": cast.acme_group.pk,
        **_formations(cast, image),
        "webhook": _webhook(cast).pk,
        "credential": _credentials(cast).pk,
        "wanted": _govern(cast, image).pk,
    }
    invite(cast.acme, address="nobody@new.example", role=Role.OBSERVER, by=cast.producer)
    return [f"/a/{cast.acme.number}/{path.format(**names)}" for path in OF_ACCOUNT]


def _expired_code(cast: Cast, image: Image) -> Share:
    share = actions.make_claim_code(image.pk, by=cast.producer, whom="Jane " * 16, terms=actions.Terms()).share
    Share.objects.filter(pk=share.pk).update(offer_expires_at=timezone.now())
    return share


def _govern(cast: Cast, image: Image) -> OfferRequest:
    """A policy that would refuse what is accepted, rules about how long shares last, and an offer that waits."""
    actions.set_policy(cast.acme_group, by=cast.producer, mode="audit", only_trusted=True, max_age_days=90)
    actions.set_rules(cast.acme_group, by=cast.producer, max_days=30)
    return OfferRequest.objects.create(
        image=image,
        organization=cast.acme_group,
        kind="email",
        address="partner@example.com",
        address_title="partner@example.com",
        message=LONG,
        requested_by=cast.carol,
        expires_at=timezone.now() + timedelta(days=9),
    )


def _decide_on_offers(cast: Cast) -> None:
    """One was rejected, one has run out, and of one producer nobody wants to hear."""
    images = [make_image(cast.beta, cast.bob, name=name) for name in (LONG, "late")]
    to = parse(cast.acme.number)
    rejected, late = (actions.offer(image.pk, by=cast.consumer, addresses=to)[0].share for image in images)
    actions.reject(rejected.pk, by=cast.producer)
    Share.objects.filter(pk=late.pk).update(offer_expires_at=timezone.now())
    actions.block(cast.rival, recipient=cast.acme.group_ptr, by=cast.producer)


def _lives(cast: Cast) -> dict[str, object]:
    """A family of two versions, one of which ends, and an image that Beta wants to hand over."""
    family = create_family(by=cast.producer, name="debian-12-" + "base-" * 9 + "lts", description=LONG)
    ending, latest = (make_image(cast.acme, cast.alice, name=f"{LONG}-{number}") for number in (1, 2))
    for version, image in (("2026-11-1", ending), ("2026-11-2", latest)):
        put_into_family(image.pk, family.pk, by=cast.producer, version=version)
    now, later, last = (timezone.now() + timedelta(days=number) for number in (0, 30, 60))
    announce_end(ending.pk, by=cast.producer, end=End(now, later, last, reason=LONG, replacement=latest.pk))
    wish = actions.Wish(parse_one(cast.acme.number), message=LONG, keep_using=True)
    asked = actions.ask_to_take_over(make_image(cast.beta, cast.bob, name=LONG).pk, by=cast.consumer, wish=wish)
    return {"family": family.pk, "ending": ending.pk, "hand_over": asked.pk}


def _servers(cast: Cast, image: Image, cloud: MemoryCloud) -> dict[str, object]:
    """A server that runs and of which one image is being made and one could not be; and one that has failed."""
    make_flavor(cast.iad)
    server, failed = (boot(cast.producer, image, name=LONG, ports=[22, 443]) for _ in range(2))
    attend_to_server(server.pk)
    cloud.machines[server.pk].printed = f"{LONG} login: ".encode() * 200
    cloud.errors = {"snapshot": [CloudRefused(LONG)], "create": [CloudRefused(LONG)]}
    run_snapshot(start_snapshot(server.pk, by=cast.producer, name=LONG).pk)
    start_snapshot(server.pk, by=cast.producer, name=LONG)
    attend_to_server(failed.pk)
    return {"server": server.pk, "failed": failed.pk}


def _formations(cast: Cast, image: Image) -> dict[str, object]:
    """One that is on its way, one that cannot be launched, and a budget that is spent."""
    formation, stopped = (make_formation(cast.producer, f"{LONG[:70]}-{number}") for number in range(2))
    part = add(formation, cast.producer, image, name=LONG[:60], count=2)
    server = launch(formation, cast.producer)[0]
    gone = make_image(cast.acme, cast.alice, name=LONG)
    stopped_part = add(stopped, cast.producer, image)
    add(stopped, cast.producer, gone, name="gone")
    delete(gone.pk, by=cast.producer)
    Server.objects.filter(pk=server.pk).update(price=99999, created_at=timezone.now() - timedelta(seconds=1))
    set_budget(cast.acme_group, cast.acme.pk, by=cast.producer, amount=Decimal("0.01"))
    return {
        "formation": formation.pk,
        "part": part.pk,
        "stopped": stopped.pk,
        "stopped_part": stopped_part.pk,
        "account": cast.acme.pk,
    }


def _begin_import(cast: Cast) -> None:
    """One that has stopped: it has everything that can stand there."""
    upload = start_import(
        by=cast.producer, url="https://mirror.example/disk.img", new=NewImage(name=LONG, region=cast.iad)
    )
    Upload.objects.filter(pk=upload.pk).update(size=2**30, offset=2**29, problem="The server answers 404 Not Found.")


def _begin_uploads(cast: Cast) -> Upload:
    """One that was interrupted, one that is sent at this moment, and one that could not be unpacked."""
    now = timezone.now()
    common = {"account": cast.acme, "created_by": cast.alice, "expires_at": now + timedelta(hours=20), "size": 2**30}
    begun = Upload.objects.create(**common, filename=f"{LONG}.img", offset=2**28)
    Upload.objects.create(
        **common, filename="日本語.img", offset=2**29, status="receiving", rate=2**23, claim=uuid4(), seen_at=now
    )
    Upload.objects.create(**common, filename="disk.img.xz", status="failed", problem="The archive is broken.")
    return begun


def _looked_into(cast: Cast) -> Image:
    """An image in which everything was found that can be, in a part of it."""
    image = make_image(cast.acme, cast.alice, name="debian-12-with-keys")
    volume = {"number": 1, "start": 2048, "size": 2**30, "name": "root", "file_system": "ext4", "why_not": ""}
    locked = volume | {"number": 2, "name": "data", "file_system": "LVM", "why_not": "LVM cannot be read here"}
    now = timezone.now()
    ContentCheck.objects.create(
        data=image.data,
        status=ContentCheck.Status.DONE,
        requested_by=cast.alice,
        requested_at=now,
        finished_at=now,
        findings={
            "table": "gpt",
            "problem": "",
            "finished": True,
            "volumes": [each | {"files": 4, "gaps": {}, "finished": True} for each in (volume, locked)],
            "findings": [{"kind": kind, "number": 3, "paths": [f"/{LONG}/{LONG}"]} for kind in KINDS],
        },
    )
    return image


def _damaged(cast: Cast) -> Image:
    image = make_image(cast.acme, cast.alice, name="debian-12-damaged")
    image.data.damaged_at = timezone.now()
    image.data.damage = "Its bytes do not match its checksum any more."
    image.data.save()
    return image


def _ask_for_more(cast: Cast) -> None:
    """Of a quota that is nearly full in one thing and used up in another; staff have said no, so it may ask again."""
    Quota.objects.create(account=cast.acme, images=10, uploads=2)
    asked = request_quota(by=cast.producer, wanted={Counted.IMAGES: 50}, reason="For every nightly build.")
    refuse_quota_request(asked.pk, by=cast.root, answer="Delete the builds of last month first.")


def _webhook(cast: Cast) -> Webhook:
    """One with a delivery in each state."""
    webhook, _secret = actions.create_webhook(by=cast.producer, url=f"https://hooks.example.org/{LONG}")
    error = {"attempts": 3, "error": "No server can be reached there."}
    failed = {"status": "failed", "attempts": 10, "response_status": 503, "response_start": LONG, "milliseconds": 9}
    for told in ({}, error, failed):
        Delivery.objects.filter(pk=actions.send_test(webhook.pk, by=cast.producer).pk).update(**told)
    return webhook


def _credentials(cast: Cast) -> ApplicationCredential:
    """One of Alice's, and one of somebody who may less than when it was made."""
    make_credential(by=cast.creator, name=LONG[:119], description=LONG, role=Role.CREATOR)
    Membership.objects.filter(user=cast.carol, group=cast.acme).update(role=Role.OBSERVER)
    return make_credential(by=cast.producer, name="nightly-builds", role=Role.OBSERVER)[0]


def _accepted(cast: Cast) -> Image:
    image = make_image(cast.beta, cast.bob, name="postgres-16-tuned")
    [offered] = actions.offer(image.pk, by=cast.consumer, addresses=parse(cast.acme.number))
    actions.accept(offered.share.pk, by=cast.producer, label="Our database")
    label(image.pk, by=cast.producer, default_login="admin")
    edit(image.pk, by=cast.consumer, default_login="postgres")
    return image


@pytest.mark.parametrize(
    ("screen", "theme", "some"),
    [
        # Each page once: on a laptop or on a phone. All of them everywhere take minutes.
        ("laptop", "light", slice(0, None, 2)),
        ("phone", "dark", slice(1, None, 2)),
        *(
            pytest.param(screen, theme, slice(None), marks=pytest.mark.long)
            for screen in ("laptop", "phone")
            for theme in ("light", "dark")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "all" if value == slice(None) else "some",
)
def test_every_page_can_be_used_by_everybody(
    cast: Cast, paths: list[str], visit: Visit, screen: str, theme: str, some: slice
) -> None:
    def problems(user: User | None, of: list[str]) -> list[str]:
        page = visit(user, watched=False, viewport=SCREENS[screen], color_scheme=theme)
        return [problem for path in of[some] for problem in look_at(page, path)]

    found = problems(None, OUTSIDE) + problems(cast.alice, [*OF_PERSON, *paths])
    assert not found, "\n".join(found)


def test_what_is_not_there_can_be_read_by_everybody(cast: Cast, visit: Visit) -> None:
    page = visit(cast.alice, watched=False)
    page.goto("/no-such-page/")
    assert not examine(page)


def look_at(page: Page, path: str) -> list[str]:
    """What is wrong with a page: its status, what the browser complains about meanwhile, and what axe-core says."""
    with listening(page) as complaints:
        answer = page.goto(path)
    status = answer.status if answer else 0
    return [*complaints, *([] if status == HTTPStatus.OK else [f"{path}: {status}"]), *examine(page)]


def examine(page: Page) -> list[str]:
    """What axe-core says of the page as it is, and whether it scrolls sideways."""
    path = page.url
    report = Axe().run(page).response
    problems = [
        f"{path}: {rule['id']} at {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in report["violations"]
        if rule["impact"] in SERIOUS
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return problems + ([f"{path}: scrolls {wide} pixels sideways"] if wide > 0 else [])
