"""What somebody typed into the share box, part by part: what each part is, and what is wrong with it.

Nothing here looks up whether a typed number, login or address exists. Each part is compared only with what the viewer
sees anyway (the groups and organizations they are in, the accounts of these, their own) and with what the account has
named before; so the answer, its words and its queries are the same for those who exist and those who do not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts import numbers
from accounts.addresses import Address, parse_one
from accounts.addresses import Kind as TypedKind
from accounts.models import Account, AnyGroup, Organization, Team
from accounts.roles import Kind
from accounts.viewer import Viewer
from images.models import Image
from sharing.addresses import MARKETPLACE, MOST_ADDRESSES, SEPARATORS, is_marketplace
from sharing.models import AddressKind, Share
from sharing.people import count_people, count_together, in_words

LONGEST_TEXT = 20_000  # characters
MOST_SHOWN = 200  # parts; more than that cannot be shared with anyway
MOST_NAMED = 2  # groups in the sentence that says how many people get an image
OTHERS_DECIDE = "cannot be chosen by you: only its managers share with it."
OWNS_IT = "owns what you share: leave it out."


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
_KINDS = {
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


class Names:
    """What names and numbers mean to one viewer, out of what they see anyway. One query."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._groups = groups_of(viewer)
        self._managed = {group.pk for group in (*viewer.managed_teams, *viewer.managed_organizations)}
        self._own = {account.number: account for account in viewer.administered_accounts}
        self._personal = [each for each in self._own.values() if each.personal_of_id == viewer.user.pk]
        self._accounts = {account.number: account for account in (*accounts_around(viewer), *viewer.accounts)}
        self._by_name: dict[str, list[AnyGroup]] = {}
        for group in (*self._groups, *self._accounts.values()):
            self._by_name.setdefault(group.title.casefold(), []).append(group)
            self._by_name.setdefault(reference(group), []).append(group)

    def parts_of(self, text: str) -> Iterator[Part]:
        """Every part of a text."""
        for piece in SEPARATORS.split(self._with_references(text)):
            if stripped := " ".join(piece.split()):
                yield self._part(stripped)

    def part_of_group(self, group: AnyGroup) -> Part:
        """A group, organization or account that the viewer knows by its name."""
        if isinstance(group, Account):
            return self._part_of_address(Address(TypedKind.NUMBER, group.number))
        managed = group.pk in self._managed
        part = Part(self.text_of(group), group.title, _KINDS[group.kind], group=group, at_once=managed)
        return part if managed else replace(part, problem=OTHERS_DECIDE)

    def text_of(self, group: AnyGroup) -> str:
        """What to write for a group, organization or account: its name, unless that could be something else."""
        if isinstance(group, Account):
            return group.grouped_number
        alone = len(self._by_name[group.title.casefold()]) == 1
        return group.title if alone and not SEPARATORS.search(group.title) else reference(group)

    def reached_by(self, part: Part) -> Iterable[AnyGroup]:
        """Whose people a part stands for, as far as the viewer decides for them."""
        if part.group is not None:
            return [part.group]
        if part.address and part.address.value in self._own:
            return [self._own[part.address.value]]
        return self._personal

    def _with_references(self, text: str) -> str:
        """The text, in which names with a comma of their own have become references."""
        for group in self._groups:
            if SEPARATORS.search(group.title):
                text = re.sub(re.escape(group.title), reference(group), text, flags=re.IGNORECASE)
        return text

    def _part(self, text: str) -> Part:
        named = self._by_name.get(text.casefold(), [])
        if len(named) == 1:
            return self.part_of_group(named[0])
        if named:
            references = " or ".join(reference(group) for group in named)
            problem = f"is the name of {len(named)} of yours: write {references} instead."
            return Part(text, text, PartKind.NOTHING, problem=problem)
        try:
            return self._part_of_address(parse_one(text.removeprefix("@")))
        except ValidationError as error:
            return Part(text, text, PartKind.NOTHING, problem=_without_name(error, text))

    def _part_of_address(self, address: Address) -> Part:
        part = Part(self.text_of_address(address), str(address), _KINDS[address.kind], address=address)
        if self._is_owner(address):
            return replace(part, label=self._viewer.account.title, kind=PartKind.ACCOUNT, problem=OWNS_IT)
        if account := self._accounts.get(address.value):
            return replace(part, label=account.title, kind=PartKind.ACCOUNT, at_once=address.value in self._own)
        if is_marketplace(address):
            return replace(part, kind=PartKind.MARKETPLACE)
        return replace(part, at_once=self._is_viewer(address))

    def _is_owner(self, address: Address) -> bool:
        account = self._viewer.account
        return address.value == account.number or (account.is_personal and self._is_viewer(address))

    def _is_viewer(self, address: Address) -> bool:
        return address == Address(TypedKind.LOGIN, self._viewer.user.username)

    def text_of_address(self, address: Address) -> str:
        """With an "@" before a login that is also the name of a group."""
        return f"@{address}" if address.value in self._by_name else str(address)


def groups_of(viewer: Viewer) -> list[Team | Organization]:
    """The groups and organizations that somebody is in; those that they manage first. No query."""
    managed: list[Team | Organization] = [*viewer.managed_teams, *viewer.managed_organizations]
    others = [m.of for m in viewer.memberships if isinstance(m.of, Team | Organization)]
    derived = viewer.account.organization
    if derived and derived.is_open:
        others.append(derived)
    return list({group.pk: group for group in (*managed, *others)}.values())


def accounts_around(viewer: Viewer) -> "QuerySet[Account]":
    """The accounts of the organizations that somebody is in: their page shows them too."""
    organizations = [group.pk for group in groups_of(viewer) if isinstance(group, Organization)]
    return Account.objects.filter(organization__in=organizations or [0], closed_at=None).order_by("title")


def reference(group: AnyGroup) -> str:
    """A name that only one group or organization has; of an account, its number."""
    if isinstance(group, Account):
        return numbers.grouped(group.number)
    return f"{group._meta.verbose_name}:{group.pk}"  # noqa: SLF001  # Django's public name


def _without_name(error: ValidationError, text: str) -> str:
    message = error.messages[0].removeprefix(f"“{text}” ").removeprefix(f"“{text[:80]}” ")
    if message == "is no login or email address.":
        return "is no login, address or number, and none of your groups and organizations has this name."
    return message


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
