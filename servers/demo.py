"""What the demo shows of servers before anybody has booted one: a budget, and a formation that is ready to launch."""

from decimal import Decimal

from accounts.models import Account, User
from accounts.viewer import Viewer
from images.models import Image, Region
from servers.actions import WantedPart, add_part, create_formation, set_budget

BUDGET = Decimal(20)  # a month
PARTS = (("web", 2), ("worker", 1))


def load(region: Region) -> None:
    """Make them for Beta Consumers, by Bob, who manages its organization. Does nothing where the demo is another."""
    bob = User.objects.filter(username="bob", is_demo=True).first()
    beta = Account.objects.filter(title="Beta Consumers", memberships__user=bob).first()
    by = Viewer.of(bob, number=beta.number) if bob and beta else None
    if by is None or by.account.organization is None:
        return
    set_budget(by.account.organization, by.account.pk, by=by, amount=BUDGET)
    description = "Two web servers and a worker. Launch them together, and delete them together."
    formation = create_formation(by=by, name="Web tier", region=region, description=description)
    size = region.flavors.order_by("price").first()
    if size is None:
        return
    for image, (name, count) in zip(_bootable(by, region), PARTS, strict=False):
        add_part(formation.pk, by=by, wanted=WantedPart(name=name, image=image.pk, flavor=size.pk, count=count))


def _bootable(by: Viewer, region: Region) -> list[Image]:
    """Images that fit the smallest size: what was shared comes first."""
    usable = Image.objects.usable_by(by).filter(region=region, min_ram=0, min_disk=0)
    return sorted(usable, key=lambda image: (image.visibility != Image.Visibility.SHARED, image.created_at))
