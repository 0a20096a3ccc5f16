"""Rows by the thousand, and the pages on which they stand: what the benchmark of growth fills and visits."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.actions import make_reviewer
from images.models import Family, Image
from sharing.grants import sync_grants
from sharing.models import Case, OfferRequest, Report, Share
from tests import factories
from tests.bench.visits import Visit, client_of, path_of
from tests.people import call_together

STATUSES = ("pending", "accepted", "rejected")
TABS = ("pending", "accepted", "rejected", "expired")
SHOWN = ("waiting", "mine", "decided", "approvals")


class Rows:
    """A panel in which there are some rows of each kind, and can be more."""

    def __init__(self) -> None:
        self.cast = call_together()
        self.data = factories.make_data()
        self.count = 0
        for staff in (self.cast.sam, self.cast.root):
            make_reviewer(staff)
        self.golden = factories.make_image(self.cast.acme, self.cast.alice, data=self.data, visibility="shared")
        self.family = Family.objects.create(account=self.cast.acme, name="debian-12", created_by=self.cast.alice)
        reported = self._image("reported", visibility="community")
        reported.save()
        self.report = Case.objects.create(kind="report", image=reported, **self._asked())

    def visits(self) -> list[Visit]:
        """The pages, the empty one first."""
        cast = self.cast
        producer, consumer, staff = client_of(cast.alice), client_of(cast.bob), client_of(cast.sam)
        inbox, desk = path_of("offer_list", cast.beta), reverse("review_desk")
        organization = {"number": cast.acme.number, "pk": cast.acme_group.pk}
        versions = {"number": cast.acme.number, "pk": self.family.pk}
        return [
            Visit("an empty view", producer, "/empty/"),
            Visit("Marketplace", consumer, path_of("marketplace", cast.beta)),
            Visit("Community", consumer, path_of("community", cast.beta)),
            Visit("Saved Images, producer", producer, path_of("image_list", cast.acme)),
            Visit("Saved Images, consumer", consumer, path_of("image_list", cast.beta)),
            Visit("Image Detail, producer", producer, path_of("image_detail", cast.acme, self.golden)),
            Visit("Who has access", producer, path_of("image_access", cast.acme, self.golden)),
            Visit("Shared with others", producer, path_of("share_list", cast.acme)),
            Visit("a family", producer, reverse("family_detail", kwargs=versions)),
            Visit("exposure", producer, reverse("organization_exposure", kwargs=organization)),
            Visit("approvals", producer, reverse("organization_approvals", kwargs=organization)),
            *(Visit(f"inbox, {tab}", consumer, f"{inbox}?tab={tab}") for tab in TABS),
            *(Visit(f"review desk, {shown}", staff, f"{desk}?show={shown}") for shown in SHOWN),
            Visit("review desk, a case", staff, reverse("review_case", args=[self.report.pk])),
        ]

    def grow(self, count: int) -> None:
        """Make it so many of each kind."""
        new = range(self.count, count)
        self._recipients(new)
        self._offers(new)
        self._catalogues(new)
        self._cases(new)
        self._held(new)
        self.count = count

    def _recipients(self, new: range) -> None:
        """Of one image of Acme."""
        Share.objects.bulk_create(
            self._share(self.golden, kind="email", address=f"person-{number}@example.org", **self._decided(number))
            for number in new
        )

    def _offers(self, new: range) -> None:
        """To Beta: as many that wait, were accepted, rejected, and ran out, each of a version of one family."""
        for tab in TABS:
            images = Image.objects.bulk_create(
                self._image(name, visibility="shared", family=self.family, version=name)
                for name in [f"{tab}-{number}" for number in new]
            )
            given = {"kind": "number", "address": self.cast.beta.number, "recipient": self.cast.beta.group_ptr}
            Share.objects.bulk_create(self._share(image, **given | self._in(tab)) for image in images)
            if tab in ("pending", "accepted"):
                for image in images:
                    sync_grants(image, self.cast.beta.group_ptr)

    def _in(self, tab: str) -> dict[str, Any]:
        if tab == "expired":
            return {"offer_expires_at": timezone.now() - timedelta(days=1)}
        return self._decided(TABS.index(tab))

    def _catalogues(self, new: range) -> None:
        self._images(new, "open", visibility="community")
        self._images(new, "listed", visibility="shared", listed_at=timezone.now(), listed_by=self.cast.root)

    def _cases(self, new: range) -> None:
        """As many that wait, that Sam has taken, and that are decided; and reports of one image."""
        now, sam = timezone.now(), self.cast.sam
        taken = {"status": "taken", "taken_by": sam, "taken_at": now}
        decided = {"status": "approved", "decided_by": sam, "decided_at": now}
        for kind, more in (("waits", {}), ("taken", taken), ("decided", decided)):
            Case.objects.bulk_create(
                Case(kind="public", image=image, **self._asked(), **more) for image in self._images(new, kind)
            )
        for number in new:
            person = factories.make_person(f"reporter-{number}")
            account = person.personal_account
            Report.objects.create(case=self.report, reason="spam", reported_at=now, reported_by=person, account=account)

    def _held(self, new: range) -> None:
        """Offers that wait for a second person, a few in each organization."""
        OfferRequest.objects.bulk_create(
            OfferRequest(
                image=self.golden,
                organization=self.cast.acme_group,
                kind="email",
                address=f"held-{number}@example.org",
                address_title=f"held-{number}@example.org",
                requested_by=self.cast.carol,
                expires_at=timezone.now() + timedelta(days=30),
            )
            for number in new
        )

    def _images(self, new: range, name: str, **fields: Any) -> Sequence[Image]:
        return Image.objects.bulk_create(self._image(f"{name}-{number}", **fields) for number in new)

    def _image(self, name: str, **fields: Any) -> Image:
        cast = self.cast
        return Image(
            account=cast.acme,
            created_by=cast.alice,
            created_at=timezone.now(),
            region=cast.iad,
            data=self.data,
            name=name,
            **fields,
        )

    def _share(self, image: Image, **fields: Any) -> Share:
        now = timezone.now()
        usual = {"offered_at": now, "offered_by": self.cast.alice, "offer_expires_at": now + timedelta(days=30)}
        return Share(image=image, **usual | fields)

    def _decided(self, number: int) -> dict[str, Any]:
        """A third each: waits, accepted, rejected."""
        status = STATUSES[number % len(STATUSES)]
        if status == "pending":
            return {}
        return {
            "status": status,
            "recipient": self.cast.beta.group_ptr,
            "decided_at": timezone.now(),
            "decided_by": self.cast.bob,
        }

    def _asked(self) -> dict[str, Any]:
        return {"account": self.cast.acme, "opened_by": self.cast.alice, "opened_at": timezone.now()}
