"""Every page on a laptop and on a phone, light and dark: nothing serious for axe-core, and nothing scrolls sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from accounts.actions import invite
from accounts.models import User
from accounts.roles import Role
from images.actions import NewImage, start_import
from images.models import Image, Upload
from sharing import actions
from sharing.addresses import parse
from tests.factories import make_image, viewer
from tests.journeys.conftest import PHONE, Visit
from tests.people import Cast

SERIOUS = {"serious", "critical"}
SCREENS = {"laptop": {"width": 1440, "height": 900}, "phone": PHONE}
OUTSIDE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
OF_PERSON = [
    "/me/",
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
    "images/import/",
    "images/incoming/",
    "images/{image}/",
    "images/{image}/edit/",
    "images/{image}/visibility/",
    "images/{image}/deactivate/",
    "images/{image}/convert/",
    "images/{image}/inside/",
    "images/{image}/delete/",
    "images/{image}/share/",
    "images/{image}/shares/{share}/remove/",
    "images/{received}/",
    "images/{received}/label/",
    "images/{received}/leave/",
    "shared/",
    "shared/{offer}/reject/",
    "account/",
    "account/edit/",
    "account/close/",
    "account/leave/",
    "account/quota/request/",
    "groups/",
    "groups/new/",
    "groups/{team}/",
    "groups/{team}/close/",
    "organizations/",
    "organizations/{organization}/",
    "activity/",
]
LONG = "a-name-that-goes-on-and-on-" * 4 + "and-ends-here"


@pytest.fixture
def paths(cast: Cast) -> list[str]:
    """The pages of an account that has something of everything."""
    image = make_image(cast.acme, cast.alice, description="A hardened base.\n\nFor all new servers.", name=LONG)
    shares = actions.offer(
        image.pk,
        by=cast.producer,
        addresses=parse(f"{cast.beta.number}, rhea, {'somebody' * 6}@example.com"),
        groups=[cast.golden_testers.group_ptr],
    )
    actions.reject(shares[1].share.pk, by=viewer(cast.rhea), reason="Not needed any more.")
    make_image(cast.acme, cast.carol, visibility="community", name="netbsd-10-classroom")
    _begin_import(cast)
    names = {
        "image": image.pk,
        "share": shares[0].share.pk,
        "received": _accepted(cast).pk,
        "offer": actions.offer(
            make_image(cast.beta, cast.bob, name=LONG).pk, by=cast.consumer, addresses=parse(cast.acme.number)
        )[0].share.pk,
        "team": cast.golden_testers.pk,
        "organization": cast.acme_group.pk,
    }
    invite(cast.acme, address="nobody@new.example", role=Role.OBSERVER, by=cast.producer)
    return [f"/a/{cast.acme.number}/{path.format(**names)}" for path in OF_ACCOUNT]


def _begin_import(cast: Cast) -> None:
    """One that has stopped: it has everything that can stand there."""
    upload = start_import(
        by=cast.producer, url="https://mirror.example/disk.img", new=NewImage(name=LONG, region=cast.iad)
    )
    Upload.objects.filter(pk=upload.pk).update(size=2**30, offset=2**29, problem="The server answers 404 Not Found.")


def _accepted(cast: Cast) -> Image:
    image = make_image(cast.beta, cast.bob, name="postgres-16-tuned")
    [offered] = actions.offer(image.pk, by=cast.consumer, addresses=parse(cast.acme.number))
    actions.accept(offered.share.pk, by=cast.producer)
    return image


@pytest.mark.parametrize(
    ("screen", "theme"),
    [
        ("laptop", "light"),
        ("phone", "dark"),
        pytest.param("laptop", "dark", marks=pytest.mark.long),
        pytest.param("phone", "light", marks=pytest.mark.long),
    ],
)
def test_every_page_can_be_used_by_everybody(
    cast: Cast, paths: list[str], visit: Visit, screen: str, theme: str
) -> None:
    def problems(user: User | None, of: list[str]) -> list[str]:
        page = visit(user, watched=False, viewport=SCREENS[screen], color_scheme=theme)
        return [problem for path in of for problem in look_at(page, path)]

    found = problems(None, OUTSIDE) + problems(cast.alice, [*OF_PERSON, *paths, "/no-such-page/"])
    assert not found, "\n".join(found)


def look_at(page: Page, path: str) -> list[str]:
    page.goto(path)
    report = Axe().run(page).response
    problems = [
        f"{path}: {rule['id']} at {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in report["violations"]
        if rule["impact"] in SERIOUS
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return problems + ([f"{path}: scrolls {wide} pixels sideways"] if wide > 0 else [])


def test_no_page_makes_the_browser_complain(cast: Cast, paths: list[str], visit: Visit) -> None:
    """Whoever is watched by ``visit`` fails at the end if a script failed or the policy refused something."""
    for user, some in ((None, OUTSIDE), (cast.alice, [*OF_PERSON, *paths])):
        page = visit(user)
        for path in some:
            answer = page.goto(path)
            assert answer, path
            assert answer.status == 200, path
