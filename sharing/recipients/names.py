"""What names and numbers mean to one viewer, out of what they see anyway."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet

from accounts import numbers
from accounts.addresses import Address, parse_one
from accounts.addresses import Kind as TypedKind
from accounts.models import Account, AnyGroup, Organization, Team
from accounts.querysets import NOBODY
from accounts.viewer import Viewer
from images.models import Image
from sharing.addresses import SEPARATORS, is_marketplace
from sharing.recipients.parts import KINDS, Part, PartKind

OTHERS_DECIDE = "cannot be chosen by you: only its managers share with it."
OWNS_IT = "owns what you share: leave it out."


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
        part = Part(self.text_of(group), group.title, KINDS[group.kind], group=group, at_once=managed)
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
        part = Part(self.text_of_address(address), str(address), KINDS[address.kind], address=address)
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
    """The accounts of the organizations that somebody is in, as far as they see the numbers of these.

    The page of an organization names its accounts without their numbers, which are private; but the page of an image
    of somebody else has that of its producer.
    """
    organizations = [group.pk for group in groups_of(viewer) if isinstance(group, Organization)]
    accounts = Account.objects.filter(organization__in=organizations or [NOBODY], closed_at=None)
    seen = Image.objects.visible_to(viewer).filter(account=OuterRef("pk"))
    return accounts.filter(Exists(seen)).order_by("title")


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
