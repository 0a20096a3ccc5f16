"""What happened in the demo's two months, in order."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

import images.actions
from accounts.viewer import Viewer
from images.models import Image, PlannedChange, Region
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from sharing.demo import lives, underway
from sharing.demo.catalogue import ACME, BETA, ERIN, PANEL
from sharing.demo.clock import ago
from sharing.demo.desk import review
from sharing.demo.disks import make
from sharing.demo.governing import govern
from sharing.demo.people import Cast, at, call_together, come_together
from sharing.models import Share


@transaction.atomic
def load() -> None:
    """Make the people, the images and everything that was said about them: all of it, or nothing."""
    Region.objects.get_or_create(code="IAD", defaults={"name": "Northern Virginia", "is_default": True})
    Region.objects.get_or_create(code="DFW", defaults={"name": "Dallas"})
    with ago(days=61):
        cast = call_together()
        come_together(cast)
    _open_images(cast)
    _ubuntu(cast)
    _debian(cast)
    _plan9(cast)
    _alpine(cast)
    _kept_to_themselves(cast)
    _offers_to_acme(cast)
    with ago(hours=30):
        actions.attend_to_ends()
    lives.tell(cast)
    govern(cast)
    underway.ask_for_more(cast)
    review(cast)
    underway.fail_to_import(cast)
    underway.begin_upload(cast)


def _open_images(cast: Cast) -> None:
    cirros = make(PANEL["cirros"], at(cast.root, cast.panel))
    with ago(days=57):
        images.actions.publish(cirros.pk, by=cast.root)
    make(ACME["handbook"], at(cast.alice, cast.acme), Image.Visibility.COMMUNITY)


def _ubuntu(cast: Cast) -> None:
    """Shared with Beta, which has used it for weeks; two other offers were never answered, one was forgotten."""
    carol = at(cast.carol, cast.acme)
    image = make(ACME["ubuntu"], carol)
    with ago(days=40):
        _offer(image, carol, "ops@gamma.example", message="As promised at the conference.")
    with ago(days=36):
        _offer(image, carol, "bob", message="For your own machines.")  # it has run out since
    with ago(days=29):
        [share] = _offer(image, carol, cast.beta.number, message="The web base that Alice told you about.")
    with ago(days=28, hours=5):
        bob = at(cast.bob, cast.beta)
        actions.accept(share.pk, by=bob)
        images.actions.label(image.pk, by=bob, label="Web base (from Acme)", notes="For every shop since October.")
    with ago(days=3):
        _offer(image, carol, "maria@delta.example", message="For the new shop.")
    with ago(days=2):
        terms = actions.Terms("It was good to meet you.")
        actions.make_claim_code(image.pk, by=carol, whom="Jane from the meet-up", days=14, terms=terms)
    with ago(days=1):
        _offer(image, at(cast.alice, cast.acme), groups=[cast.acme_group.group_ptr])


def _debian(cast: Cast) -> None:
    """Golden Testers have it, Beta has just been asked, and both can read what lies in it."""
    alice = at(cast.alice, cast.acme)
    image = make(ACME["debian"], alice)
    underway.look_inside(image, alice, days=11)
    with ago(days=11):
        _offer(image, alice, groups=[cast.golden_testers.group_ptr], message="Please break it before others do.")
    with ago(hours=2):
        _offer(image, alice, cast.beta.number, message="Hardened base, please use it for all new servers.")


def _plan9(cast: Cast) -> None:
    """Beta did not want it, which is a pity. It will be switched off soon."""
    carol = at(cast.carol, cast.acme)
    image = make(ACME["plan9"], carol)
    with ago(days=27):
        [share] = _offer(image, carol, cast.beta.number, message="You will like it.")
    with ago(days=26):
        actions.reject(share.pk, by=at(cast.bob, cast.beta), reason="Nothing here runs Plan 9, sorry.")
    with ago(days=5):
        _offer(image, carol, "erin", message="Rio on a Friday afternoon?")
    with ago(days=2):
        day = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=12)
        alice, deactivate = at(cast.alice, cast.acme), PlannedChange.Change.DEACTIVATE
        images.actions.plan_change(image.pk, by=alice, change=deactivate, at=day)


def _alpine(cast: Cast) -> None:
    """Beta may boot it for five more days; Erin accepted it by signing in. Acme has it in a second format."""
    alice = at(cast.alice, cast.acme)
    image = make(ACME["alpine"], alice)
    with ago(days=20):
        [share] = _offer(image, alice, cast.beta.number, export=False)
    with ago(days=19):
        actions.accept(share.pk, by=at(cast.bob, cast.beta))
    with ago(days=18):
        actions.set_end(image.pk, share.pk, by=alice, until=timezone.now() + timedelta(days=5))
    with ago(days=4):  # at Erin's desk
        account, terms = cast.erin.personal_account, actions.Terms("For your router at home.")
        actions.offer_signed_in(image.pk, by=alice, account=account, admin=cast.erin, terms=terms)
    underway.convert(image, alice, days=2)


def _kept_to_themselves(cast: Cast) -> None:
    alice = at(cast.alice, cast.acme)
    make(ACME["freebsd"], alice)
    rocky = make(ACME["rocky"], alice)
    with ago(days=8):
        images.actions.deactivate(rocky.pk, by=alice)
    make(ACME["snapshot"], at(cast.carol, cast.acme))
    make(BETA["jump"], at(cast.bob, cast.beta))


def _offers_to_acme(cast: Cast) -> None:
    """Everybody is a producer sometimes."""
    bob, erin = at(cast.bob, cast.beta), at(cast.erin)
    postgres = make(BETA["postgres"], bob)
    with ago(days=1, hours=4):
        _offer(postgres, bob, cast.acme.number, message="Our database image, in return for yours.")
    haiku = make(ERIN["haiku"], erin)
    with ago(hours=20):
        _offer(haiku, erin, "alice", message="Just for fun.")
        _offer(haiku, erin, cast.beta.number, message="Everybody should try it.")
    with ago(hours=19):
        actions.block(erin.account, recipient=cast.beta.group_ptr, by=bob)


def _offer(image: Image, by: Viewer, addresses: str = "", *, groups: Iterable[Group] = (), **terms: Any) -> list[Share]:
    offered = actions.offer(image.pk, by=by, addresses=parse(addresses), groups=groups, terms=Terms(**terms))
    return [result.share for result in offered]
