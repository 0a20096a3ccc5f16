"""Questions that ``images`` asks of higher apps (who loses what? what else belongs on this page?)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from accounts.hooks import Hook

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User
    from accounts.viewer import Viewer
    from images.models import Image, PlannedChange, QuotaRequest


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
        note: a few words below the label, where there is room for them.
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
    note: str = ""


@dataclass(frozen=True)
class BulkAction:
    """What can be done with several images of the account at once, from Saved Images.

    Attributes:
        label: sentence case.
        url: a page that takes the ids of images as ``image`` in its query; it opens in the dialog.
        icon: a name of static/icons.svg.
    """

    label: str
    url: str
    icon: str = ""


@dataclass(frozen=True)
class Consequence:
    """What a change of an image means for somebody.

    Attributes:
        text: a sentence ("2 recipients lose …").
        names: whom it is about, as the producer named them, or the servers that it is about.
        more: how many there are beyond these.
    """

    text: str
    names: tuple[str, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Holding:
    """How the producer knows those through whom somebody has an image.

    Attributes:
        address: what the producer typed or chose.
        share: the id of the share.
    """

    address: str
    share: int


@dataclass(frozen=True)
class Usage:
    """The servers that a recipient has booted from an image.

    Attributes:
        running: how many of them run.
        last_at: when the last one was booted.
    """

    running: int
    last_at: datetime | None = None


# The image was changed in a way that decides who reaches it (visibility, deletion), inside the transaction.
image_changed: "Hook[[Image, Viewer], None]" = Hook()

# Whom an image is given to has changed, inside the transaction: somebody accepted, left or was removed, or it became
# active or not.
grants_changed: "Hook[[Image], None]" = Hook()

# Who loses or gains what if the image is deleted, deactivated or gets another visibility, for the confirmation page;
# also which servers run from it. The text names the change: "delete", "deactivate", or the new visibility.
consequences: "Hook[[Image, str], list[Consequence]]" = Hook()

# Something was planned for a day to come, comes within a day, or was cancelled ("planned", "soon", "cancelled"), inside
# the transaction: those whom it concerns are told.
change_planned: "Hook[[PlannedChange, str], None]" = Hook()

# What the recipients of images of the viewer's account have booted from them, by the ids of the shares, for all of
# them in one query. Nobody answers as long as there are no servers.
usage: "Hook[[Viewer, Sequence[int]], dict[int, Usage]]" = Hook()

# Sections below the facts on Image Detail, as rendered fragments.
detail_sections: "Hook[[HttpRequest, Image], str]" = Hook()

# What stands above the facts on Image Detail (an offer that waits for a decision), as rendered fragments.
detail_notices: "Hook[[HttpRequest, Image], str]" = Hook()

# What stands above the list of Saved Images, as rendered fragments. The text is the region's code, or empty.
list_notices: "Hook[[HttpRequest, str], str]" = Hook()

# A short line below the names of images in a list ("shared with 3, 1 pending"), for all rows in one query.
row_notes: "Hook[[Viewer, Sequence[Image]], dict[UUID, str]]" = Hook()

# As whom the producer knows those through whom the viewer has an image; None for nobody it named.
known_as: "Hook[[Viewer, Image], Holding | None]" = Hook()

# More entries of the menu of an image.
menu_entries: "Hook[[Viewer, Image], list[MenuEntry]]" = Hook()

# What can be done with several images of the account that were ticked in Saved Images.
bulk_actions: "Hook[[Viewer], list[BulkAction]]" = Hook()

# More ways to add an image than uploading and importing: entries of the menu Add image, each with a note below it.
ways_to_add: "Hook[[Viewer], list[MenuEntry]]" = Hook()

# A new image was made from the upload form: the first recipients, as typed there.
image_created: "Hook[[Image, Viewer, str], None]" = Hook()

# A shared image was made of a plan to which programs had added members: ``members`` of ``NewImage``. Whoever cannot be
# offered it keeps nobody from having the image.
members_planned: "Hook[[Image, Sequence[dict[str, Any]]], None]" = Hook()

# Why nothing comes any more of what a program has begun by the application credential of this id; empty when it does.
credential_refusals: "Hook[[str], str]" = Hook()

# Whether somebody of the staff who may not change every image decides on a case about this one.
under_review: "Hook[[User, Image], bool]" = Hook()

# An account asked staff for a larger quota, or its request was answered or taken back by somebody, inside the
# transaction.
quota_request_changed: "Hook[[QuotaRequest, User], None]" = Hook()

# A family is about to grow: the ids of those who agreed to have its later versions, so that they are locked before the
# image is. The number is the family's id.
family_followers: "Hook[[int], set[int]]" = Hook()

# An image has become a version of a family, inside the transaction: those who agreed to have later versions get it.
# The ids are those that were locked.
family_grew: "Hook[[Image, Viewer, set[int]], None]" = Hook()

# An image is no version of its family any more: what was agreed about later versions because of it is over.
family_left: "Hook[[Image], None]" = Hook()

# The end of an image was announced, put off or called off, or comes near ("announced", "cancelled", "obsolete soon",
# "retired soon"), inside the transaction: those who have the image are told.
end_changed: "Hook[[Image, str], None]" = Hook()

# An image has become another account's, inside the transaction: what its former account had begun about it is over.
handed_over: "Hook[[Image, Viewer], None]" = Hook()

# Why the account of the viewer does not take the data of somebody else's image (a policy); empty when it does.
use_refusals: "Hook[[Viewer, Image], str]" = Hook()

# Images of a list were read, and each will be asked whether it can be used: fetch at once what that takes.
images_read: "Hook[[Viewer, Sequence[Image]], None]" = Hook()

# Somebody takes the data of somebody else's image (boots, downloads, copies), inside the transaction.
data_taken: "Hook[[Image, Viewer], None]" = Hook()

# Why images of the viewer's account cannot be open to everybody (rules of its organization); empty when they can.
open_refusals: "Hook[[Viewer], str]" = Hook()

# Why an image of the viewer's account cannot be shared once more with those with whom it was shared before (rules of
# its organization); empty when it can.
revival_refusals: "Hook[[Viewer, Image], str]" = Hook()

# What stands below the choice of who sees an image (a request to staff to make it public), as rendered fragments.
visibility_notes: "Hook[[HttpRequest, Image], str]" = Hook()
