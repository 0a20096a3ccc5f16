"""Who loses or gains what by a change of an image: counted and named by what the producer named.

Nothing shows who is behind an address: a group or organization of the producer's own has its people counted, an
address has not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.once import once_for_each
from images.hooks import Consequence
from images.models import Image
from sharing.models import Share
from sharing.people import count_people, in_words
from sharing.querysets import gives_access, is_waiting

MOST_NAMED = 20


@dataclass(frozen=True)
class Affected:
    """Recipients that a change may concern.

    Attributes:
        number: of all.
        names: of the first ``MOST_NAMED``.
    """

    number: int
    names: tuple[str, ...]


def consequences(image: Image, change: str) -> list[Consequence]:
    """What a change means for the recipients of an image. Four queries, however many changes are asked about."""
    affected = _affected(image)
    return [
        _consequence(sentence, noun, affected[which])
        for which, noun, sentence in _sentences(change, image.visibility)
        if affected[which].number
    ]


def _sentences(change: str, old: str) -> Iterator[tuple[str, str, str]]:
    if change == "deprecated":
        yield "accepted", "recipient", "{} can go on using it, with a warning"
        yield "pending", "offer", "{} can still be accepted, with a warning"
    elif change == "obsolete":
        yield "accepted", "recipient", "{} cannot boot new servers from it any more, nor download it"
        yield "pending", "offer", "{} will be of no use"
    elif change in ("delete", "retired") or (change == Image.Visibility.PRIVATE and old == Image.Visibility.SHARED):
        yield "accepted", "recipient", "{} can no longer see the image or boot new servers from it"
        yield "pending", "offer", "{} can no longer be accepted"
    elif change == "deactivate":
        yield "accepted", "recipient", "{} cannot boot new servers from it until you reactivate it"
    elif change == Image.Visibility.SHARED:
        yield "accepted", "recipient", "{} from before can use the image again"
        yield "pending", "offer", "{} from before can be accepted again"
    elif change in (Image.Visibility.COMMUNITY, Image.Visibility.PUBLIC):
        yield (
            "accepted",
            "recipient",
            "{} and everybody else can use the image; the shares sleep until it is shared again",
        )


def _consequence(sentence: str, noun: str, affected: Affected) -> Consequence:
    counted = f"{affected.number} {noun}" if affected.number == 1 else f"{affected.number} {noun}s"
    return Consequence(sentence.format(counted), affected.names, affected.number - len(affected.names))


@once_for_each  # the page of the visibility asks about several changes
def _affected(image: Image) -> dict[str, Affected]:
    which: dict[str, Q] = {"accepted": gives_access(), "pending": is_waiting()}
    counts = image.shares.aggregate(**{name: Count("pk", filter=condition) for name, condition in which.items()})
    shares = {name: list(Share.objects.of_image(image).filter(q)[:MOST_NAMED]) for name, q in which.items()}
    listed = [share for some in shares.values() for share in some]
    people = count_people([one.recipient_id for one in listed if one.recipient_id and not one.is_addressed])
    return {
        name: Affected(counts[name], tuple(_name(share, people) for share in some)) for name, some in shares.items()
    }


def _name(share: Share, people: dict[int, int]) -> str:
    if share.is_addressed:
        return share.address_text
    return f"{share.address_text} ({in_words(people.get(share.recipient_id or 0, 0))})"
