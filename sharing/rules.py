"""How accounts of an organization may share: what is outside, and what somebody else has to agree to first.

What is inside is decided by what the producer can see anyway, never by whom an address reaches: an unknown address
and that of a stranger are outside alike, in the same statements.

- An account of the organization, named by its number or chosen.
- The organization itself.
- A person, named by login, whom the producer sees as one of the organization: in its list of people, or in an
  account of it where the producer works. Email addresses are private, so they are always outside.
- A group, all of whose people are people of the organization at this moment.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Account, Membership
from accounts.querysets import NOBODY
from accounts.roles import Kind
from accounts.viewer import Viewer
from images.models import Image
from sharing.models import AddressKind, Rules, Share
from sharing.querysets import gives_access, is_waiting
from sharing.targets import Target

FREE, APPROVAL, FORBIDDEN = Rules.Outside.FREE, Rules.Outside.APPROVAL, Rules.Outside.FORBIDDEN


@dataclass(frozen=True)
class Divided:
    """Recipients of an offer, by what the rules say of them.

    Attributes:
        held: for whom a second person has to approve.
    """

    free: Sequence[Target]
    held: Sequence[Target]


def rules_of(account: Account) -> Rules | None:
    """The rules under which an account shares. One query, also where there can be none."""
    rows = Rules.objects.filter(organization=account.organization_id or NOBODY, organization__closed_at=None)
    return rows.select_related("organization").first()


def divide(rules: Rules | None, by: Viewer, targets: Sequence[Target], *, approved: bool = False) -> Divided:
    """Which recipients get an offer at once, and which only when a second person approves.

    Args:
        rules: under which the producer shares.
        approved: somebody has.

    Raises:
        ValidationError: rules forbid some of them, which the message names; nothing must be offered then.
    """
    if any(target.kind == AddressKind.MARKETPLACE for target in targets) and (reason := open_refusal(rules)):
        raise ValidationError({"recipients": reason}, code="open")
    if rules is None or rules.outside == FREE:
        return Divided(targets, [])
    inside = _inside(rules, by, targets)
    outside = [target for target in targets if target not in inside]
    if rules.outside == FORBIDDEN and outside:
        raise ValidationError({"recipients": [forbidden(rules, name_of(target)) for target in outside]}, code="outside")
    if approved:
        return Divided(targets, [])
    return Divided([target for target in targets if target in inside], outside)


def outside_refusal(rules: Rules | None, *, to: Account | None = None, what: str = "This") -> str:
    """Why images cannot go outside in another way than by an offer; empty when they can.

    For ways that no second person can approve beforehand: a claim code, a decision by signing in, handing over.

    Args:
        rules: under which their account shares.
        to: the account that they would go to, where that is known.
        what: begins the sentence ("A claim code").
    """
    if rules is None or rules.outside == FREE or (to and to.organization_id == rules.organization_id):
        return ""
    text = f"{what} can reach somebody outside of {rules.organization.title}, "
    if rules.outside == FORBIDDEN:
        return f"{text}with whom its accounts may not share."
    return f"{text}which a second person has to approve. Offer the image to an address instead: then somebody is asked."


def revival_refusal(rules: Rules | None, image: Image, by: Viewer) -> str:
    """Why a private image cannot be shared just now; empty when it can.

    It was shared before, and those would have it again with whom rules forbid to share by now. By the measure of a new
    offer, so that it tells nothing of who is behind an address. One query where rules forbid nothing like that, or
    nobody is left.
    """
    if rules is None or rules.outside != FORBIDDEN:
        return ""
    shares = Share.objects.filter(gives_access() | is_waiting(), image=image).select_related("recipient")
    targets = [Target(AddressKind(share.kind), share.address, share.recipient) for share in shares]
    outside = set(targets) - _inside(rules, by, targets) if targets else set()
    if not outside:
        return ""
    whom = name_of(min(outside, key=lambda target: target.key)) if len(outside) == 1 else f"{len(outside)} recipients"
    return (
        f"It would be shared again with {whom} outside of {rules.organization.title}, and its accounts may not share "
        f"outside any more. First an admin has to remove that under “Who has access”."
    )


def recipient_refusal(share: Share, *, offered_to: Group | None) -> str:
    """Why the rules that the producer has by now keep an offer from being accepted; empty when they do not.

    Asked on the recipient's side, where it is no secret who is behind an address: the recipient itself has to be
    inside, also an account into which somebody takes what was offered to them. What a second person let go outside
    is not asked about again.

    Args:
        share: with whoever is to have it as its recipient.
        offered_to: who was the recipient until now.
    """
    rules = rules_of(share.image.account)
    if rules is None or rules.outside == FREE or is_of(rules.organization_id, share.recipient):
        return ""
    if rules.outside == APPROVAL and not is_of(rules.organization_id, offered_to):
        return ""
    producer = share.image.account.title
    return (
        f"{producer} cannot share this image with {share.recipient_title} as things are now. Nothing is wrong on your "
        f"side: ask {producer} about it."
    )


def is_of(organization_id: int, group: Group | None) -> bool:
    """Whether an account, group or organization, with all its people, is of an organization."""
    account: Account | None = getattr(group, "as_account", None)
    if account is not None:
        is_colleague = account.is_personal and people_of(organization_id, account.personal_of_id).exists()
        return account.organization_id == organization_id or is_colleague
    if group is None or group.pk == organization_id:
        return group is not None
    return hasattr(group, "as_team") and not teams_outside(organization_id, [group.pk]).exists()


def open_refusal(rules: Rules | None) -> str:
    """Why images of an account under these rules cannot be open to everybody; empty when they can."""
    if rules is None or rules.allows_open:
        return ""
    return f"{rules.organization.title} does not allow images that everybody can use. Offer it to those who need it."


def forbidden(rules: Rules, name: str) -> str:
    """What a producer reads of a recipient outside."""
    return f"{name} is outside of {rules.organization.title}, and its accounts may not share outside."


def name_of(target: Target) -> str:
    """A recipient as the producer named it."""
    return Share(kind=target.kind, address=target.value, recipient=target.recipient).address_text


def _inside(rules: Rules, by: Viewer, targets: Sequence[Target]) -> set[Target]:
    """The targets inside, by three queries whatever they are."""
    organization_id = rules.organization_id
    numbers = Account.objects.filter(organization=organization_id, number__in=_values(targets, AddressKind.NUMBER))
    seen_in = [organization_id, *_accounts_inside(by, organization_id)]
    people = Membership.objects.filter(
        group__in=seen_in, user__is_active=True, user__username__in=_values(targets, AddressKind.LOGIN)
    )
    teams = [int(value) for value in _values(targets, AddressKind.TEAM)]
    inside = {
        AddressKind.NUMBER: set(numbers.values_list("number", flat=True)),
        AddressKind.LOGIN: set(people.values_list("user__username", flat=True)),
        AddressKind.TEAM: {str(pk) for pk in set(teams) - set(teams_outside(organization_id, teams))},
        AddressKind.ORGANIZATION: {str(organization_id)},
    }
    return {target for target in targets if target.value in inside.get(target.kind, ())}


def _values(targets: Collection[Target], kind: AddressKind) -> list[str]:
    return [target.value for target in targets if target.kind == kind]


def _accounts_inside(by: Viewer, organization_id: int) -> list[int]:
    return [account.pk for account in by.accounts if account.organization_id == organization_id]


def teams_outside(organization_id: int, teams: Collection[int]) -> "QuerySet[Membership, int]":
    """The groups of these in which somebody is not of the organization."""
    strangers = Membership.objects.filter(group__in=teams or [NOBODY], user__is_active=True)
    return strangers.exclude(Exists(people_of(organization_id, OuterRef("user")))).values_list("group_id", flat=True)


def people_of(organization_id: int, user: OuterRef | int | None) -> "QuerySet[Membership]":
    """The memberships that make somebody one of an organization: direct, or through one of its accounts."""
    through = Q(kind=Kind.ACCOUNT, group__as_account__organization=organization_id)
    return Membership.objects.filter(Q(group=organization_id) | through, user=user)
