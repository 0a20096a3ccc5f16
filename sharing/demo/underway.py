"""What is not finished in the demo: files on their way, a look inside, a conversion, a request to staff."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import transaction

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images import actions
from images.demo_disks import MIB, bootable_raw
from images.models import ContentCheck, Image, Import, Region, Upload
from images.quotas import Counted
from sharing.demo.clock import ago
from sharing.demo.people import Cast, at

SENT, SIZE = 9 * MIB, 24 * MIB  # bytes


class NotHere(Exception):
    """This machine lacks what it takes."""


def begin_upload(cast: Cast) -> None:
    """A file of which a third has come before Alice closed her laptop."""
    alice = at(cast.alice, cast.acme)
    with ago(hours=3):
        upload = actions.start_upload(by=alice, filename="fedora-41-server.raw", size=SIZE)
        content = bootable_raw("fedora-41-server says hello from Stockroom.", size=SIZE)
        actions.receive_upload(upload.pk, by=alice, chunks=[content[:SENT]], offset=0)


def fail_to_import(cast: Cast) -> None:
    """An address that cannot be reached. A name below .invalid never exists, and so nobody is asked for it."""
    new = actions.NewImage("rocky-10-minimal", Region.objects.get(code="IAD"), facts={"os_family": "Rocky Linux"})
    url = "https://mirror.acme.invalid/rocky/10/rocky-10-minimal.qcow2"
    with ago(hours=5):
        upload = actions.start_import(by=at(cast.alice, cast.acme), url=url, new=new)
    with ago(hours=4, minutes=58):
        actions.run_import(upload.pk)
        while Import.objects.filter(pk=upload.pk, next_at__isnull=False).update(next_at=None):  # as if it had waited
            actions.run_import(upload.pk)


def look_inside(image: Image, by: Viewer, *, days: int) -> None:
    """A look that was really made, where programs can be locked in; otherwise none."""
    with _if_possible():
        with ago(days=days, hours=12):
            actions.request_look(image.pk, by=by)
        if ContentCheck.objects.filter(data=image.data, status=ContentCheck.Status.FAILED).exists():
            raise NotHere


def convert(image: Image, by: Viewer, *, days: int) -> None:
    """Another image made of an image by QEMU, where that is installed; otherwise none."""
    with _if_possible():
        with ago(days=days):
            actions.start_conversion(image.pk, by=by, disk_format="qcow2", name=f"{image.name}-qcow2")
        if Upload.objects.filter(conversion__image=image).exists():
            raise NotHere


def ask_for_more(cast: Cast) -> None:
    """A quota of its own for Acme, which is half full, and a request that waits for staff."""
    with ago(days=30):
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.IMAGES: 20}, note="As agreed for the first year.")
    with ago(hours=6):
        reason = "Every nightly build of our base becomes an image from December on."
        actions.request_quota(by=at(cast.alice, cast.acme), wanted={Counted.IMAGES: 100}, reason=reason)


@contextmanager
def _if_possible() -> Iterator[None]:
    """Do something, or leave no trace of it where this machine cannot do it."""
    with suppress(NotHere, Conflict), transaction.atomic():
        yield
