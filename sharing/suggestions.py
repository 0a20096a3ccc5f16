"""Suggestions in the share box: who is meant by the beginning of a name, out of what the viewer sees anyway."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Max, Q

from accounts import numbers
from accounts.addresses import Address
from accounts.addresses import Kind as TypedKind
from accounts.models import Account, AnyGroup, User
from accounts.viewer import Viewer
from sharing.models import AddressKind, Share
from sharing.people import count_people, in_words
from sharing.recipients import OTHERS_DECIDE, Names, PartKind, accounts_around, groups_of

MOST = 8
LONGEST = 100  # characters that are looked for
TYPED = (AddressKind.NUMBER, AddressKind.LOGIN, AddressKind.EMAIL)


@dataclass(frozen=True)
class Suggestion:
    """One line of the list.

    Attributes:
        text: what choosing it writes into the box.
        label: how it is shown.
        note: what it is.
        reason: why it cannot be chosen; empty when it can.
    """

    text: str
    label: str
    kind: PartKind
    note: str
    reason: str = ""


def suggest(viewer: Viewer, wanted: str, *, most: int = MOST) -> list[Suggestion]:
    """Who could be meant. Five queries, whatever is asked for.

    Groups and accounts that the viewer decides for come first, then people, accounts of their organizations, and
    whom the account has named before; but whatever has a word that begins so comes before all that only has it
    somewhere inside. Nobody whom the viewer does not see on a page of theirs.
    """
    wanted = " ".join(wanted[:LONGEST].split()).casefold().removeprefix("@")
    found: dict[str, Suggestion] = {}
    for suggestion in _all(viewer, wanted, most):
        found.setdefault(suggestion.text, suggestion)
    return sorted(found.values(), key=lambda suggestion: not _begins(suggestion, wanted))[:most]


def _begins(suggestion: Suggestion, wanted: str) -> bool:
    """Whether a word of it begins so: "er" means Erin before Golden Testers."""
    return f" {wanted}" in f" {suggestion.label} {suggestion.text}".casefold()


def _all(viewer: Viewer, wanted: str, most: int) -> Iterator[Suggestion]:
    names = Names(viewer)
    decided_for: list[AnyGroup] = [*viewer.managed_teams, *viewer.managed_organizations]
    managed = [group for group in decided_for if _fits(group, wanted)]
    people = count_people([group.pk for group in managed])
    for group in managed:
        yield _of_group(names, group, note=in_words(people.get(group.pk, 0)))
    others = [account for account in viewer.administered_accounts if account.pk != viewer.account.pk]
    for account in others:
        if _fits(account, wanted):
            yield _of_group(names, account, note="you are an admin of it")
    yield from _earlier(viewer, names, wanted, most)
    yield from _people(viewer, names, wanted, most)
    for account in accounts_around(viewer).exclude(pk=viewer.account.pk).filter(_named_like(wanted))[:most]:
        yield _of_group(names, account, note="in your organization")
    for group in groups_of(viewer):
        if wanted and group not in managed and _fits(group, wanted):
            yield _of_group(names, group, note="", reason=OTHERS_DECIDE)


def _fits(group: AnyGroup, wanted: str) -> bool:
    number = group.number if isinstance(group, Account) else ""
    return wanted in group.title.casefold() or _is_part_of_number(wanted, number)


def _is_part_of_number(wanted: str, number: str) -> bool:
    return numbers.looks_like_number(wanted) and numbers.normalise(wanted) in number


def _named_like(wanted: str) -> Q:
    if numbers.looks_like_number(wanted):
        return Q(number__contains=numbers.normalise(wanted)) | Q(title__icontains=wanted)
    return Q(title__icontains=wanted)


def _of_group(names: Names, group: AnyGroup, *, note: str, reason: str = "") -> Suggestion:
    part = names.part_of_group(group)
    return Suggestion(part.text, group.title, part.kind, ", ".join(filter(None, (part.kind.word, note))), reason)


def _people(viewer: Viewer, names: Names, wanted: str, most: int) -> Iterator[Suggestion]:
    """People whom the viewer meets on the pages of the account, its organization and their groups."""
    around = {viewer.account.pk, *(group.pk for group in groups_of(viewer))}
    people = User.objects.filter(memberships__group__in=around, is_active=True).exclude(pk=viewer.user.pk)
    for user in people.filter(Q(username__icontains=wanted) | Q(name__icontains=wanted)).distinct()[:most]:
        login = names.text_of_address(Address(TypedKind.LOGIN, user.username))
        yield Suggestion(login, user.get_full_name(), PartKind.LOGIN, user.username)


def _earlier(viewer: Viewer, names: Names, wanted: str, most: int) -> Iterable[Suggestion]:
    """Whom the account has named before, as it was typed: the latest first."""
    value = numbers.normalise(wanted) if numbers.looks_like_number(wanted) else wanted
    shares = Share.objects.filter(image__account=viewer.account, kind__in=TYPED, address__contains=value)
    for row in shares.values("kind", "address").annotate(latest=Max("offered_at")).order_by("-latest")[:most]:
        address = Address(TypedKind(row["kind"]), row["address"])
        kind = PartKind[address.kind.upper()]
        yield Suggestion(names.text_of_address(address), str(address), kind, f"{kind.word}, shared with before")
