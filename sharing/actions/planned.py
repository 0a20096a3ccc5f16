"""Members of queued images: they stand in the plan, and are offered the image as soon as there is one.

Until then they hear of nothing, as there is nothing to offer. Each is noted with who added it, because the offer is
made with the rights that this person has then, and with no more than their token gave.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import User
from accounts.permissions import lock_rows
from accounts.viewer import Viewer
from images.actions import NewImage, edit_queued
from images.actions.rights import noted, rights_now
from images.models import Image, Upload
from images.permissions import Verb, require
from sharing import letters
from sharing.actions.offers import offer
from sharing.addresses import resolve
from sharing.members import Member, planned_members
from sharing.naming import Name, name_from, sort_out
from sharing.rules import divide, rules_of
from sharing.targets import find_targets

MOST_PLANNED = 128  # members of one queued image, as many as Glance allows an image by default
Note = dict[str, Any]


class PlanFull(ValidationError):
    """A queued image has as many members as it may."""


def add_planned(upload_id: UUID, name: Name, *, by: Viewer) -> Member:
    """Note that a queued image is to be offered to one more.

    What can be known by now is checked by now. The limit of the day is not: nothing is offered today.

    Raises:
        Http404: no such queued image for this viewer, or it has become an image.
        PermissionDenied: they may not share it, or it is not to be shared, or the account knows nothing of this group.
        ValidationError: it is the image's own account, or outside of an organization that forbids it.
        Conflict: it is a member already.
        PlanFull: there are ``MOST_PLANNED``.
    """
    require(by, Verb.OFFER)
    asking = by.by_token(by.most or by.role, by.credential)  # everybody is asked first, as by every program
    note = {"name": str(name), "by": by.user.pk, "at": timezone.now().isoformat()} | noted(asking)

    def decide(upload: Upload, new: NewImage) -> NewImage:
        _require_shared(upload, new)
        _require_reachable(upload, name, asking)
        _require_room(upload, new, name)
        return replace(new, members=[*new.members, note])

    edit_queued(upload_id, by=by, decide=decide)
    return planned_members([note])[0]


def remove_planned(upload_id: UUID, name: Name, *, by: Viewer) -> None:
    """Take somebody out of the plan of a queued image. Nobody has heard of anything, and nobody does.

    Raises:
        Http404: no such queued image for this viewer, or it has become an image.
    """

    def decide(_upload: Upload, new: NewImage) -> NewImage:
        return replace(new, members=[note for note in new.members if note["name"] != str(name)])

    edit_queued(upload_id, by=by, decide=decide)


@transaction.atomic
def offer_to_planned(image: Image, notes: Sequence[Note]) -> None:
    """Offer an image that was just made to the members of its plan.

    Whoever cannot be offered it is left out, and nothing else comes of that: whoever added them is told, with the
    reason.
    """
    _lock(image, notes)
    people = User.objects.in_bulk({note["by"] for note in notes})
    for _adder_of_them, own in groupby(sorted(notes, key=_adder), key=_adder):
        [note, *_others] = alike = list(own)
        names, person = [name_from(each["name"]) for each in alike], people[note["by"]]
        try:
            refused = _offer(image, names, rights_now(person, image.account, note))
        except PermissionDenied as gone:
            person, refused = image.created_by, {str(gone): [*map(str, names)]}
        if refused:
            letters.members_not_asked(image, person, refused)


def _adder(note: Note) -> tuple[int, str, str]:
    return note["by"], note["most"], note.get("credential", "")


def _offer(image: Image, names: Sequence[Name], by: Viewer) -> dict[str, list[str]]:
    """Offer it to all of them, or else to each who can be offered it.

    Returns:
        Who could not, by the reason.
    """
    if not _refusal(image, names, by):
        return {}
    refused: dict[str, list[str]] = {}
    for name in names:
        if reason := _refusal(image, [name], by):
            refused.setdefault(reason, []).append(str(name))
    return refused


def _refusal(image: Image, names: Sequence[Name], by: Viewer) -> str:
    """Offer it to all of them or to none; then why. Empty when they were."""
    try:
        with transaction.atomic():
            addresses, groups = sort_out(names, by)
            offer(image.pk, by=by, addresses=addresses, groups=groups)
    except ValidationError as refused:
        return " ".join(refused.messages)
    except (PermissionDenied, Conflict) as refused:
        return str(refused)
    except Http404:
        return _gone(image)
    return ""


def _gone(image: Image) -> str:
    return f"Whoever added them no longer belongs to {image.account.title}."


def _lock(image: Image, notes: Iterable[Note]) -> None:
    """Take everybody whom it is offered to at once: the offers, one after the other, would take them in any order."""
    names = [name_from(note["name"]) for note in notes]
    reached = resolve(name.address for name in names if not name.is_group).values()
    chosen = {int(name.value) for name in names if name.is_group}
    own = {pk for pk in (image.account_id, image.account.organization_id) if pk}
    lock_rows({group.pk for group in reached} | chosen | own)


def _require_shared(upload: Upload, new: NewImage) -> None:
    if new.visibility != Image.Visibility.SHARED:
        raise PermissionDenied(f"Not allowed to create members for image {upload.pk}: Only shared images have members.")


def _require_reachable(upload: Upload, name: Name, by: Viewer) -> None:
    """Refuse whom nobody may offer it to: the own account, and those whom the rules of its organization exclude."""
    addresses, groups = sort_out([name], by)
    targets = find_targets(Image(pk=upload.pk, account=by.account), by, addresses, groups)
    divide(rules_of(by.account), by, targets)


def _require_room(upload: Upload, new: NewImage, name: Name) -> None:
    if any(note["name"] == str(name) for note in new.members):
        raise Conflict(f"Member {name} is duplicated for image {upload.pk}")
    if len(new.members) >= MOST_PLANNED:
        raise PlanFull(f"An image without data has {MOST_PLANNED} members at most. Send its data, then add more.")
