"""How an image stands in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.viewer import Viewer
from images import hooks
from images.menus import Menus, address
from images.models import Image

OTHERS_SOURCES = {
    Image.Visibility.PUBLIC: "Public Image",
    Image.Visibility.COMMUNITY: "Community Image",
    Image.Visibility.SHARED: "Shared Image",
}


@dataclass(frozen=True)
class Row:
    """One line of Saved Images.

    Attributes:
        name: the own label, or the image's name.
        own_words: the image's real name, where the name is an own label.
        producer: who owns it, where that is not the account itself.
        note: what other apps say of it ("shared with 3, 1 pending").
        menu: which of the list's menus it has (``Menus``).
    """

    image: Image
    url: str
    name: str
    own_words: str
    producer: str
    source: str
    note: str
    menu: int


def rows_of(viewer: Viewer, images: Sequence[Image], menus: Menus) -> list[Row]:
    """The lines of a list. Costs what the hooks cost, whatever the number of images.

    Args:
        menus: takes up the menus of these rows.
    """
    hooks.images_read.ask(viewer, images)
    notes = hooks.row_notes.ask(viewer, images) if images else []
    return [_row(viewer, image, " · ".join(_said_of(image, notes)), menus) for image in images]


def _said_of(image: Image, notes: Sequence[dict[UUID, str]]) -> list[str]:
    return [some[image.pk] for some in notes if image.pk in some]


def _row(viewer: Viewer, image: Image, note: str, menus: Menus) -> Row:
    is_own = image.account_id == viewer.account.pk
    return Row(
        image=image,
        url=address(viewer, "image_detail", image),
        name=name_for(image),
        own_words=image.name if image.own_label else "",
        producer="" if is_own else image.account.title,
        source=source_for(viewer, image),
        note=note,
        menu=menus.number_of(image),
    )


def name_for(image: Image) -> str:
    """What the viewer's account calls the image."""
    return image.own_label or image.name


def source_for(viewer: Viewer, image: Image) -> str:
    """Where the image comes from, as the viewer's account sees it."""
    if image.account_id == viewer.account.pk:
        return image.get_source_display()
    # What is neither shared nor open was found in the marketplace: nothing else lets others see it.
    return OTHERS_SOURCES.get(Image.Visibility(image.visibility), "Marketplace Image")
