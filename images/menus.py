"""The menu of an image: the same on the list (gear, right click, keyboard) and on its page."""

from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.viewer import Viewer
from images import hooks
from images.actions.changes import why_not_reactivate
from images.actions.references import can_be_added
from images.conversions import why_not_convert
from images.hooks import MenuEntry
from images.models import Image
from images.permissions import Verb, refusal

NO_IMAGE = UUID(int=0)  # stands where the id of an image will
DANGEROUS = 100  # entries from this place on stand behind the separator


def entries_of(viewer: Viewer, image: Image) -> list[MenuEntry]:
    """All entries, in order. Costs no query on images that were loaded ``with_rights`` and ``with_reference``."""
    own = _of_own(viewer, image) if image.account_id == viewer.account.pk else _of_others(viewer, image)
    more = [entry for entries in hooks.menu_entries.ask(viewer, image) for entry in entries]
    return sorted([*own, *_of_all(viewer, image), *more], key=lambda entry: entry.order)


def as_actions(entries: list[MenuEntry]) -> list[dict[str, Any]]:
    """The entries as components/gear.html and menu.js take them."""
    actions: list[dict[str, Any]] = []
    for position, entry in enumerate(entries):
        if position and entry.order >= DANGEROUS > entries[position - 1].order:
            actions.append({"separator": True})
        actions.append(_as_action(entry))
    return actions


def _as_action(entry: MenuEntry) -> dict[str, Any]:
    action = {
        "label": entry.label,
        "href": entry.url,
        "icon": entry.icon,
        "method": entry.method if entry.method == "post" else "",
        "dialog": entry.dialog,
        "danger": entry.danger,
        "disabled": entry.reason,
        "copy": entry.copy,
        "key": entry.key,
    }
    return {name: value for name, value in action.items() if value}


def _of_own(viewer: Viewer, image: Image) -> list[MenuEntry]:
    off = refusal(viewer, Verb.DEACTIVATE, image)
    on = off or why_not_reactivate(image)
    switch = (
        MenuEntry("Deactivate", address(viewer, "image_deactivate", image), 100, dialog=True, reason=off, icon="pause")
        if image.is_active
        else MenuEntry("Reactivate", address(viewer, "image_reactivate", image), 100, "post", reason=on, icon="check")
    )
    return [
        MenuEntry(
            "Edit", address(viewer, "image_edit", image), 20, reason=refusal(viewer, Verb.EDIT, image), icon="edit"
        ),
        switch,
        MenuEntry(
            "End of life",
            address(viewer, "image_life", image),
            102,
            dialog=True,
            reason=refusal(viewer, Verb.DEPRECATE, image),
            icon="clock",
        ),
        MenuEntry(
            "Delete image",
            address(viewer, "image_delete", image),
            110,
            dialog=True,
            danger=True,
            reason=why_not_delete(viewer, image),
            icon="trash",
        ),
    ]


def _of_others(viewer: Viewer, image: Image) -> list[MenuEntry]:
    why_not = refusal(viewer, Verb.LABEL, image)
    entries = [
        MenuEntry("Edit label", address(viewer, "reference_edit", image), 20, dialog=True, reason=why_not, icon="tag"),
        MenuEntry("Look at details", address(viewer, "image_detail", image), 35, icon="eye"),
    ]
    if can_be_added(image):
        entries.append(_listing(viewer, image, why_not))
    if image.is_hidden_for_me:
        entries.append(MenuEntry("Show again", address(viewer, "image_unhide", image), 50, "post", icon="eye"))
    elif image.through_group:
        entries.append(MenuEntry("Hide for me", address(viewer, "image_hide", image), 50, "post", icon="eye-off"))
    return entries


def _listing(viewer: Viewer, image: Image, why_not: str) -> MenuEntry:
    if image.reference_id is None:
        return MenuEntry(
            "Add to our list", address(viewer, "reference_add", image), 10, "post", reason=why_not, icon="plus"
        )
    return MenuEntry(
        "Remove from our list", address(viewer, "reference_remove", image), 105, "post", reason=why_not, icon="cross"
    )


def _of_all(viewer: Viewer, image: Image) -> list[MenuEntry]:
    download = address(viewer, "image_download", image)
    return [
        MenuEntry("Download", download, 30, reason=refusal(viewer, Verb.EXPORT, image), icon="download"),
        MenuEntry(
            "Convert",
            address(viewer, "image_convert", image),
            32,
            dialog=True,
            reason=why_not_convert(viewer, image),
            icon="convert",
        ),
        MenuEntry(
            "Copy" if image.account_id == viewer.account.pk else "Copy to our images",
            address(viewer, "image_copy", image),
            34,
            dialog=True,
            reason=refusal(viewer, Verb.COPY, image),
            icon="plus",
        ),
        MenuEntry("Copy id", "", 40, copy=str(image.pk), icon="copy"),
    ]


def why_not_delete(viewer: Viewer, image: Image) -> str:
    """Why the viewer cannot delete the image now; empty when they can."""
    protected = "The image is protected. Remove the protection on its page first." if image.protected else ""
    return refusal(viewer, Verb.DELETE, image) or protected


def address(viewer: Viewer, name: str, image: Image) -> str:
    """A page or action of an image, in the account of the page."""
    return _pattern(name, viewer.account.number).replace(str(NO_IMAGE), str(image.pk))


@lru_cache(maxsize=10_000)
def _pattern(name: str, number: str) -> str:
    """The address for every image: the menus of a list need more than a hundred, and reverse() takes its time."""
    return reverse(name, kwargs={"number": number, "pk": NO_IMAGE})


class Menus:
    """The menus of a list: most rows have the same one, but for the id of the image.

    Attributes:
        distinct: each menu once, with ``NO_IMAGE`` where the id of the row's image belongs (menu.js puts it there).
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._numbers: dict[tuple[MenuEntry, ...], int] = {}

    def number_of(self, image: Image) -> int:
        """Which of the distinct menus an image has."""
        entries = tuple(_without_id(entry, str(image.pk)) for entry in entries_of(self._viewer, image))
        return self._numbers.setdefault(entries, len(self._numbers))

    @property
    def distinct(self) -> list[list[dict[str, Any]]]:
        """As components/gear.html takes them."""
        return [as_actions(list(entries)) for entries in self._numbers]


def _without_id(entry: MenuEntry, pk: str) -> MenuEntry:
    return replace(entry, url=entry.url.replace(pk, str(NO_IMAGE)), copy=entry.copy.replace(pk, str(NO_IMAGE)))
