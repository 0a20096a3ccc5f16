"""What one recipient in the share box is, and a whole text of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from django.contrib.auth.models import Group

from accounts.addresses import Address
from accounts.addresses import Kind as TypedKind
from accounts.models import AnyGroup
from accounts.roles import Kind
from sharing.addresses import MARKETPLACE, MOST_ADDRESSES
from sharing.models import AddressKind
from sharing.people import in_words

MOST_SHOWN = 200  # parts; more than that cannot be shared with anyway
MOST_NAMED = 2  # groups in the sentence that says how many people get an image


class PartKind(Enum):
    """What a part of the text is: its word, and its icon."""

    NUMBER = "account number", "server"
    LOGIN = "login", "user"
    EMAIL = "email", "mail"
    TEAM = "group", "users"
    ORGANIZATION = "organization", "building"
    ACCOUNT = "account", "server"
    MARKETPLACE = "marketplace", "globe"
    NOTHING = "", "warning"

    @property
    def word(self) -> str:
        """How people call it."""
        return self.value[0]

    @property
    def icon(self) -> str:
        """The icon that stands for it."""
        return self.value[1]


@dataclass(frozen=True)
class Part:
    """One recipient, as it stands in the box.

    Attributes:
        text: what reads as the same part again.
        label: how it is shown.
        address: what was typed, when it is an address.
        group: a group or organization that the viewer is in.
        at_once: whether the viewer decides for it, so that nobody is asked.
        problem: what is wrong with it, to be read after its label; empty when it can be shared with.
        already: what became of an earlier offer to it, to be read likewise.
        has_all: whether each of the images was offered to it before.
        people: how many a group or organization has, where the viewer decides for it.
    """

    text: str
    label: str
    kind: PartKind
    address: Address | None = None
    group: AnyGroup | None = None
    at_once: bool = False
    problem: str = ""
    already: str = ""
    has_all: bool = False
    people: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The same for two parts that mean the same."""
        if self.group is not None:
            return _KIND_OF_GROUP[self.group.kind], str(self.group.pk)
        if self.kind is PartKind.MARKETPLACE:
            return MARKETPLACE, MARKETPLACE
        return (self.address.kind, self.address.value) if self.address else ("", self.text.casefold())

    @property
    def note(self) -> str:
        """What it is, in a few words."""
        return f"{self.kind.word}, {in_words(self.people)}" if self.people is not None else self.kind.word

    @property
    def is_new(self) -> bool:
        """Whether sharing makes an offer to it."""
        return not self.problem and not self.has_all


_KIND_OF_GROUP = {Kind.TEAM: AddressKind.TEAM, Kind.ORGANIZATION: AddressKind.ORGANIZATION}
KINDS = {
    TypedKind.NUMBER: PartKind.NUMBER,
    TypedKind.LOGIN: PartKind.LOGIN,
    TypedKind.EMAIL: PartKind.EMAIL,
    Kind.TEAM: PartKind.TEAM,
    Kind.ORGANIZATION: PartKind.ORGANIZATION,
}


@dataclass(frozen=True)
class Reading:
    """A whole text, read.

    Attributes:
        parts: each recipient once, in the order typed.
        reach: how many people get the images at once; each of them once.
        images: how many images there are.
    """

    parts: tuple[Part, ...] = ()
    reach: int = 0
    images: int = 1

    @property
    def text(self) -> str:
        """What reads as the same again, a part on each line."""
        return "\n".join(part.text for part in self.parts)

    @property
    def shown(self) -> tuple[Part, ...]:
        """The parts that a page shows."""
        return self.parts[:MOST_SHOWN]

    @property
    def addresses(self) -> list[Address]:
        """What the offer is made to, beside groups."""
        return [part.address for part in self.parts if part.address and not part.problem]

    @property
    def groups(self) -> list[Group]:
        """The groups and organizations that the offer is made to."""
        return [part.group.group_ptr for part in self.parts if part.group and not part.problem]

    @cached_property
    def errors(self) -> list[str]:
        """A sentence for everything that has to be mended before anybody is shared with."""
        found = [f"“{part.label}” {part.problem}" for part in self.parts if part.problem]
        return [self.too_many, *found] if self.too_many else found

    @property
    def too_many(self) -> str:
        """That these are more recipients than one offer may have; empty when they are not."""
        count = len(self.parts)
        return (
            f"Name at most {MOST_ADDRESSES} recipients at a time; these are {count}." if count > MOST_ADDRESSES else ""
        )

    @property
    def sentences(self) -> list[str]:
        """What will happen, and to how many people. Nobody is counted behind an address."""
        at_once = [part for part in self.parts if part.is_new and part.at_once]
        asked = sum(part.is_new and not part.at_once for part in self.parts)
        wrong = sum(bool(part.problem) for part in self.parts)
        said = [self.too_many] if self.too_many else []
        if at_once:
            given = "it" if self.images == 1 else "them"
            said.append(f"{in_words(self.reach)} in {_named(at_once)} {_verb('get', self.reach)} {given} now.")
        if asked:
            said.append(f"{_counted(asked, 'recipient')} {'is' if asked == 1 else 'are'} asked first.")
        if wrong:
            said.append(f"{_counted(wrong, 'recipient')} cannot be shared with: mend or remove {_them(wrong)}.")
        return said


def _named(parts: Sequence[Part]) -> str:
    names = [part.label for part in parts]
    if (more := len(names) - MOST_NAMED) > 0:
        names = [*names[:MOST_NAMED], f"{more} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _verb(word: str, people: int) -> str:
    return f"{word}s" if people == 1 else word


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
