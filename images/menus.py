"""The menu of an image: the same on the list (gear, right click, keyboard) and on its page."""

from typing import Any

from django.urls import reverse

from accounts.viewer import Viewer
from images import hooks
from images.actions.references import can_be_added
from images.hooks import MenuEntry
from images.models import Image
from images.permissions import Verb, refusal

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
    switch = (
        MenuEntry("Deactivate", address(viewer, "image_deactivate", image), 100, dialog=True, reason=off, icon="pause")
        if image.is_active
        else MenuEntry("Reactivate", address(viewer, "image_reactivate", image), 100, "post", reason=off, icon="check")
    )
    return [
        MenuEntry(
            "Edit", address(viewer, "image_edit", image), 20, reason=refusal(viewer, Verb.EDIT, image), icon="edit"
        ),
        switch,
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
        MenuEntry("Copy id", "", 40, copy=str(image.pk), icon="copy"),
    ]


def why_not_delete(viewer: Viewer, image: Image) -> str:
    """Why the viewer cannot delete the image now; empty when they can."""
    protected = "The image is protected. Remove the protection on its page first." if image.protected else ""
    return refusal(viewer, Verb.DELETE, image) or protected


def address(viewer: Viewer, name: str, image: Image) -> str:
    """A page or action of an image, in the account of the page."""
    return reverse(name, kwargs={"number": viewer.account.number, "pk": image.pk})
