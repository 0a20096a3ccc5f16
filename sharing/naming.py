"""How programs name the recipients of shares: one text for each, the same in what they send and in what they get."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.addresses import Address, parse_one
from accounts.viewer import Viewer
from sharing.addresses import MARKETPLACE, is_marketplace
from sharing.models import AddressKind, Share

PREFIXES = {AddressKind.TEAM: "group:", AddressKind.ORGANIZATION: "organization:", AddressKind.CODE: "code:"}
OF_GROUPS = (AddressKind.TEAM, AddressKind.ORGANIZATION)
MOST_DIGITS = 18  # of an id, so that every database can compare it
NOT_OF_ACCOUNT = (
    "A token speaks for its account alone: it can name the account's organization, and groups and organizations with "
    "which the account has shared before. Share with others in the panel, where their managers can."
)


@dataclass(frozen=True)
class Name:
    """A recipient, as it is kept.

    Attributes:
        value: normalised; the id of a group or organization.
    """

    kind: AddressKind
    value: str

    def __str__(self) -> str:
        return text_of(self.kind, self.value)

    @property
    def is_group(self) -> bool:
        """Whether it is the id of a group or organization."""
        return self.kind in OF_GROUPS

    @property
    def address(self) -> Address:
        """What was typed, of what is no group or organization."""
        return parse_one(str(self))


def text_of(kind: str, value: str) -> str:
    """The name of a recipient: a number, login, email address, ``group:7``, ``organization:3`` or ``code:…``."""
    if kind == MARKETPLACE:
        return str(settings.MARKETPLACE_LOGIN)
    return f"{PREFIXES[AddressKind(kind)]}{value}" if kind in PREFIXES else value


def name_from(text: str) -> Name:
    """What a program names. Whether there is anybody is not looked up.

    Raises:
        ValidationError: it can be no name, with the reason; a number of which a digit is mistyped, too.
    """
    for kind, prefix in PREFIXES.items():
        if text.startswith(prefix):
            return Name(kind, _value_after(prefix, text, kind))
    address = parse_one(text.strip())
    return Name(AddressKind.MARKETPLACE, MARKETPLACE) if is_marketplace(address) else _name_of(address)


def sort_out(names: Collection[Name], by: Viewer) -> tuple[list[Address], list[Group]]:
    """Names as ``sharing.actions.offer`` takes them: addresses, and groups. At most one query.

    Raises:
        PermissionDenied: as ``find_groups``.
        ValidationError: a claim code is among them, which names nobody.
    """
    groups = find_groups([name for name in names if name.is_group], by)
    return [name.address for name in names if not name.is_group], groups


def find_groups(names: Collection[Name], by: Viewer) -> list[Group]:
    """The groups and organizations of these names, as far as the account itself knows of them. At most one query.

    Raises:
        PermissionDenied: the account knows nothing of one of them, whether there is such a one or not.
    """
    known = known_groups(by, [int(name.value) for name in names])
    found = [known.get(int(name.value)) for name in names]
    if any(one is None or one[0] != name.kind for one, name in zip(found, names, strict=True)):
        raise PermissionDenied(NOT_OF_ACCOUNT)
    return [one[1] for one in found if one]


def known_groups(by: Viewer, ids: Collection[int]) -> dict[int, tuple[str, Group]]:
    """Groups and organizations among these that the account itself knows of, each with its kind. At most one query."""
    organization = by.account.organization
    known: dict[int, tuple[str, Group]] = {}
    if organization and organization.is_open:
        known[organization.pk] = AddressKind.ORGANIZATION, organization.group_ptr
    if others := [str(pk) for pk in ids if pk not in known]:
        rows = Share.objects.filter(image__account=by.account, kind__in=OF_GROUPS, address__in=others)
        still_open = rows.filter(recipient__as_team__closed_at=None, recipient__as_organization__closed_at=None)
        for share in still_open.select_related("recipient"):
            if share.recipient is not None:
                known[share.recipient.pk] = share.kind, share.recipient
    return known


def _name_of(address: Address) -> Name:
    return Name(AddressKind(address.kind), address.value)


def _value_after(prefix: str, text: str, kind: AddressKind) -> str:
    value = text.removeprefix(prefix)
    if kind == AddressKind.CODE and value.isprintable():
        return value
    if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS):
        raise ValidationError(f"“{text[:80]}” is no name: after “{prefix}” comes an id.", code="invalid")
    return str(int(value))
