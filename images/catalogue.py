"""Marketplace and community: images that everybody can use, but that are in nobody's list until somebody adds them.

A page is one scan of the index of its catalogue (``image_listed``, ``image_community``), from a place in it on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.viewer import Viewer
from images.activity import CountOf
from images.cursors import Cursor
from images.looks import Look
from images.menus import address
from images.models import Image, ImageTag, Reference
from images.permissions import Verb, refusal
from images.querysets import ImageQuerySet
from images.rows import name_for

PAGE_SIZE = 24
COUNT_CAP = 100  # accounts that have added an image: past this number it says "99+"
GIB = 1024**3
SIZES = {"1": GIB, "5": 5 * GIB, "20": 20 * GIB}  # bytes of image data, at most


class Catalogue(StrEnum):
    """Where an image is found that is in nobody's list by itself."""

    MARKETPLACE = "marketplace"
    COMMUNITY = "community"

    @property
    def images(self) -> ImageQuerySet:
        """What is in it, in the words of the condition of its index."""
        active = Image.objects.filter(status=Image.Status.ACTIVE, hidden=False)
        if self is Catalogue.MARKETPLACE:
            return active.filter(listed_at__isnull=False)
        return active.filter(visibility=Image.Visibility.COMMUNITY)


class Sort(StrEnum):
    """The order of a catalogue."""

    NEWEST = "newest"
    NAME = "name"

    @property
    def key_type(self) -> type[datetime | str]:
        """What it is sorted by."""
        return str if self is Sort.NAME else datetime


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for. Empty means: no matter.

    Attributes:
        q: a part of a name or of the name of a producer, a tag, or a whole id.
        os: an operating system, in any case of letters.
        size: one of ``SIZES``.
        verified: only from producers that staff have verified.
        after: show what comes after this place.
        before: show what comes before it.
    """

    q: str = ""
    os: str = ""
    architecture: str = ""
    region: str = ""
    size: str = ""
    verified: bool = False
    sort: Sort = Sort.NEWEST
    after: Cursor | None = None
    before: Cursor | None = None

    @property
    def descends(self) -> bool:
        """Whether the database gives large keys first."""
        return (self.sort is Sort.NEWEST) is (self.before is None)

    @cached_property
    def image_id(self) -> UUID | None:
        """What was searched for, if it is an id."""
        try:
            return UUID(self.q)
        except ValueError:
            return None

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for less than everything."""
        return any((self.q, self.os, self.architecture, self.region, self.size, self.verified))


@dataclass(frozen=True)
class Entry:
    """One image of a catalogue, as one viewer sees it."""

    image: Image
    viewer: Viewer

    @property
    def name(self) -> str:
        """What the viewer's account calls it."""
        return name_for(self.image)

    @property
    def url(self) -> str:
        """Its page."""
        return address(self.viewer, "image_detail", self.image)

    @property
    def add_url(self) -> str:
        """Where a POST adds it to the account's list."""
        return address(self.viewer, "reference_add", self.image)

    @property
    def is_own(self) -> bool:
        """Whether the viewer's account made it."""
        return bool(self.image.account_id == self.viewer.account.pk)

    @property
    def is_added(self) -> bool:
        """Whether it is in the account's list already."""
        return bool(self.image.reference_id)

    @property
    def add_refusal(self) -> str:
        """Why the viewer cannot add it; empty when they can."""
        return refusal(self.viewer, Verb.LABEL, self.image)

    @property
    def look(self) -> Look:
        """What is known of its inside."""
        return Look(self.image.data)

    @property
    def added(self) -> str:
        """How many accounts have added it, in words; empty for none."""
        count: int = self.image.added_count  # type: ignore[attr-defined]  # annotated by page_of
        if not count:
            return ""
        number = f"{COUNT_CAP - 1}+" if count >= COUNT_CAP else str(count)
        return f"In the list of {number} {'account' if count == 1 else 'accounts'}"


@dataclass(frozen=True)
class Page:
    """One page of a catalogue, with the places before and after it where there is something."""

    entries: Sequence[Entry] = field(default_factory=list)
    newer: Cursor | None = None
    older: Cursor | None = None


def page_of(viewer: Viewer, catalogue: Catalogue, wanted: Wanted, *, size: int = PAGE_SIZE) -> Page:
    """A page of a catalogue. One query, whatever the number of images.

    Args:
        size: how many images.
    """
    added = Reference.objects.filter(image=OuterRef("pk")).values("pk")[:COUNT_CAP]
    rows = catalogue.images.filter(*_filters(wanted)).with_rights(viewer).with_reference(viewer)
    rows = rows.select_related("account__organization", "region", "data__content_check")
    rows = _placed(rows.annotate(added_count=CountOf(added)), wanted)
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if wanted.before:
        found.reverse()
    if not found:
        return Page()
    return Page(
        [Entry(image, viewer) for image in found],
        newer=Cursor.at(found[0]) if (more if wanted.before else wanted.after) else None,
        older=Cursor.at(found[-1]) if (wanted.before or more) else None,
    )


def _placed(rows: ImageQuerySet, wanted: Wanted) -> ImageQuerySet:
    """From the wanted place on, in the wanted order."""
    rows = rows.annotate(sort_key=Lower("name") if wanted.sort is Sort.NAME else F("created_at"))
    if cursor := wanted.before or wanted.after:
        beyond = "lt" if wanted.descends else "gt"
        # The first condition alone lets the database begin to read the index at the place.
        rows = rows.filter(
            Q(**{f"sort_key__{beyond}e": cursor.key}),
            Q(**{f"sort_key__{beyond}": cursor.key}) | Q(**{f"pk__{beyond}": cursor.image_id}),
        )
    return rows.order_by(*(f"-{name}" if wanted.descends else name for name in ("sort_key", "id")))


def _filters(wanted: Wanted) -> Iterator[Q]:
    yield Q(obsolete_at__isnull=True) | Q(obsolete_at__gt=timezone.now())  # nobody could begin to use the others
    if wanted.image_id:
        yield Q(pk=wanted.image_id)
    elif wanted.q:
        tagged = ImageTag.objects.filter(image=OuterRef("pk"), name__iexact=wanted.q)
        yield Q(Exists(tagged)) | Q(name__icontains=wanted.q) | Q(account__title__icontains=wanted.q)
    if wanted.os:
        yield Q(os_family__iexact=wanted.os)
    if wanted.architecture:
        yield Q(architecture=wanted.architecture)
    if wanted.region:
        yield Q(region=wanted.region)
    if wanted.size:
        yield Q(data__size__lte=SIZES[wanted.size])
    if wanted.verified:
        yield Q(account__verified_at__isnull=False) | Q(account__organization__verified_at__isnull=False)
