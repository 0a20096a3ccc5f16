"""Questions that ``images`` asks of higher apps (who loses what? what else belongs on this page?)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.hooks import Hook

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.viewer import Viewer
    from images.models import Image


@dataclass(frozen=True)
class MenuEntry:
    """One entry of the menu of an image (gear and right-click).

    Attributes:
        label: sentence case.
        url: a page, or the target of a POST.
        order: entries stand in this order; from 100 on behind the separator, with what is dangerous.
        method: "get" or "post".
        dialog: whether the page opens in the dialog when there is JavaScript.
        reason: why the entry is disabled; empty when it is not.
        icon: a name of static/icons.svg.
        copy: a text that the entry copies, instead of going anywhere.
        key: runs the entry on a focused row.
    """

    label: str
    url: str
    order: int
    method: str = "get"
    dialog: bool = False
    danger: bool = False
    reason: str = ""
    icon: str = ""
    copy: str = ""
    key: str = ""


# The image was changed in a way that decides who reaches it (visibility, deletion), inside the transaction.
image_changed: "Hook[[Image, Viewer], None]" = Hook()

# Who loses or gains what if the image is deleted, deactivated or gets another visibility: sentences for the
# confirmation page. The text names the change: "delete", "deactivate", or the new visibility.
consequences: "Hook[[Image, str], list[str]]" = Hook()

# Sections below the facts on Image Detail, as rendered fragments.
detail_sections: "Hook[[HttpRequest, Image], str]" = Hook()

# What stands above the facts on Image Detail (an offer that waits for a decision), as rendered fragments.
detail_notices: "Hook[[HttpRequest, Image], str]" = Hook()

# What stands above the list of Saved Images, as rendered fragments. The text is the region's code, or empty.
list_notices: "Hook[[HttpRequest, str], str]" = Hook()

# A short line below the names of images in a list ("shared with 3, 1 pending"), for all rows in one query.
row_notes: "Hook[[Viewer, Sequence[Image]], dict[UUID, str]]" = Hook()

# As whom the producer knows those through whom the viewer has an image: what the producer typed or chose; empty for
# nobody it named.
known_as: "Hook[[Viewer, Image], str]" = Hook()

# More entries of the menu of an image.
menu_entries: "Hook[[Viewer, Image], list[MenuEntry]]" = Hook()

# A new image was made from the upload form: the first recipients, as typed there.
image_created: "Hook[[Image, Viewer, str], None]" = Hook()
