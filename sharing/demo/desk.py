"""What staff have decided in the demo, and what waits for them: one case of each kind."""

from accounts.actions import verify
from accounts.models import User
from accounts.viewer import Viewer
from images.models import Image
from sharing.actions import Terms, asking, desk, offer
from sharing.addresses import MARKETPLACE, address_of
from sharing.demo.catalogue import BETA, ERIN, PANEL
from sharing.demo.clock import ago
from sharing.demo.disks import make
from sharing.demo.people import Cast, at
from sharing.models import Case


def review(cast: Cast) -> None:
    """Acme is verified, two images are in the marketplace, and staff have work to do."""
    sam = User.objects.get(pk=cast.sam.pk)  # with what he may as a reviewer
    with ago(days=50):
        verify(cast.acme, by=sam)
        verify(cast.panel, by=sam)
    _list(make(PANEL["nixos"], at(cast.root, cast.panel)), at(cast.root, cast.panel), sam, days=33)
    _list(make(BETA["gitea"], at(cast.bob, cast.beta)), at(cast.bob, cast.beta), sam, days=14)
    handbook = Image.objects.get(name="netbsd-10-classroom")
    with ago(days=4):
        why = "Three schools use it already, and we look after it until 2028."
        asking.ask_for_public(handbook.pk, by=at(cast.alice, cast.acme), text=why)
    with ago(days=2, hours=3):
        _offer(make(ERIN["reactos"], at(cast.erin)), at(cast.erin), "For everybody who has to test on something odd.")
    with ago(days=1):
        said = "There is a list of passwords in /usr/share/courses/answers."
        asking.report_image(handbook.pk, by=at(cast.bob, cast.beta), reason="secrets", text=said)
    with ago(hours=9):
        asking.report_image(handbook.pk, by=at(cast.erin), reason="other", text="The exercises hold real names.")
        asking.ask_for_offers(by=at(cast.bob, cast.beta), wanted=2000, text="We move 1,500 customers to a new base.")


def _list(image: Image, by: Viewer, sam: User, *, days: int) -> None:
    with ago(days=days):
        _offer(image, by, "Useful for everybody, we think.")
    with ago(days=days - 1):
        case = Case.objects.waiting().get(image=image)
        desk.take(case.pk, by=sam)
        desk.approve(case.pk, by=sam)


def _offer(image: Image, by: Viewer, message: str) -> None:
    offer(image.pk, by=by, addresses=[address_of(MARKETPLACE, MARKETPLACE)], terms=Terms(message))
