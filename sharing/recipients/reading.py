"""Reading a text of recipients: what each part is, and what became of it before."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from accounts.models import AnyGroup
from accounts.viewer import Viewer
from images.models import Image
from sharing.models import Share
from sharing.people import count_people, count_together
from sharing.recipients.names import Names
from sharing.recipients.parts import Part, Reading


def read(text: str, *, by: Viewer, images: Sequence[Image], ticked: Iterable[AnyGroup] = ()) -> Reading:
    """Say what each part of a text is. Four queries, whatever stands there and whoever exists.

    Args:
        text: parts between commas, semicolons and line ends.
        images: of the viewer's account; what was offered of them before is said.
        ticked: groups, organizations and accounts that were chosen beside the text.
    """
    names = Names(by)
    parts: dict[tuple[str, str], Part] = {}
    for part in (*names.parts_of(text), *(names.part_of_group(group) for group in ticked)):
        parts.setdefault(part.key, part)
    known = _with_earlier_offers(_with_people(list(parts.values())), images)
    reached = {group.pk for part in known if part.is_new and part.at_once for group in names.reached_by(part)}
    return Reading(tuple(known), count_together(reached), len(images))


def _with_people(parts: list[Part]) -> list[Part]:
    people = count_people([part.group.pk for part in parts if part.group and part.at_once])
    return [
        replace(part, people=people.get(part.group.pk, 0)) if part.group and part.at_once else part for part in parts
    ]


def _with_earlier_offers(parts: list[Part], images: Sequence[Image]) -> list[Part]:
    values = [part.key[1] for part in parts if not part.problem]
    held: dict[tuple[str, str], list[Share]] = {}
    for share in Share.objects.filter(image__in=images, address__in=values or [""]):
        if not share.can_be_offered_again:
            held.setdefault((share.kind, share.address), []).append(share)
    return [_with_shares(part, held.get(part.key, []), len(images)) for part in parts]


def _with_shares(part: Part, shares: list[Share], images: int) -> Part:
    if not shares or part.problem:
        return part
    return replace(part, already=_already(shares, images), has_all=len(shares) >= images)


def _already(shares: list[Share], images: int) -> str:
    if images > 1:
        return f"was offered {len(shares)} of these {images} images already"
    return "has it already" if shares[0].status == Share.Status.ACCEPTED else "was asked already"
