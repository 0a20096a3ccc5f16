"""Families as pages show them: their versions, and what to use instead of an image."""

from dataclasses import dataclass

from accounts.viewer import Viewer
from images.models import Family, Image
from images.querysets import ImageQuerySet

MOST_VERSIONS = 200


@dataclass(frozen=True)
class Advice:
    """Which image to use in place of another one.

    Attributes:
        text: why, as a sentence.
        is_offer: whether it waits for a decision.
    """

    image: Image
    text: str
    is_offer: bool = False


@dataclass(frozen=True)
class Version:
    """One line on the page of a family.

    Attributes:
        note: with whom it is shared.
        why_not_latest: why it cannot be made the latest; empty when it can.
    """

    image: Image
    note: str
    is_latest: bool
    why_not_latest: str

    @property
    def key(self) -> str:
        """What tells the line's elements apart on the page."""
        return str(self.image.pk)


def versions_of(family: Family, viewer: Viewer) -> list[Image]:
    """The versions that the viewer may see, the newest first. One query."""
    return list(_seen(viewer).filter(family=family)[:MOST_VERSIONS])


def latest_for(family: Family, viewer: Viewer) -> Image | None:
    """The latest version that the viewer may use, or else the newest that they may see. One query."""
    versions = versions_of(family, viewer)
    return family.latest_of([version for version in versions if version.can_use]) or next(iter(versions), None)


def advice_on(image: Image, viewer: Viewer) -> Advice | None:
    """What to use in place of an image: its replacement, the latest version of its family, or one that is offered.

    Only what the viewer may see. One query for an image that has a family or a replacement, none for others.
    """
    return _replacement(image, viewer) or _latest(image, viewer)


def _replacement(image: Image, viewer: Viewer) -> Advice | None:
    found = _seen(viewer).filter(pk=image.replacement_id).first() if image.replacement_id else None
    if found is None or found.is_over:
        return None
    is_offer = not found.can_use and found.account_id != viewer.account.pk
    text = f"“{found.name}” takes its place{' and is offered to you' if is_offer else ''}."
    return Advice(found, text, is_offer)


def _latest(image: Image, viewer: Viewer) -> Advice | None:
    if image.family is None:
        return None
    versions = versions_of(image.family, viewer)
    latest = image.family.latest_of([version for version in versions if version.can_use])
    if latest is not None and latest.pk != image.pk:
        return Advice(latest, _text(image, latest, viewer))
    offered = next((each for each in versions if not each.can_use and each.is_active and not each.is_over), None)
    if offered is not None and offered.created_at > image.created_at:
        return Advice(offered, f"A newer version, {offered.version}, is offered to you.", is_offer=True)
    return None


def _text(image: Image, latest: Image, viewer: Viewer) -> str:
    if latest.created_at < image.created_at:
        return f"Version {latest.version} is the latest again: its producer went back to it."
    if latest.account_id != viewer.account.pk and latest.visibility == Image.Visibility.SHARED:
        return f"A newer version, {latest.version}, is shared with you."
    return f"There is a newer version, {latest.version}."


def _seen(viewer: Viewer) -> ImageQuerySet:
    images = Image.objects.visible_to(viewer).with_rights(viewer).with_reference(viewer)
    return images.select_related("account", "region", "data", "family").order_by("-created_at", "-id")
