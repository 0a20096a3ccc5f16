"""Whom an offer reaches, and who decides: the producer, by own authority or by trust; or somebody else.

The table of the design, "What an offer does", row by row: whoever has authority over the recipient decides at once,
everybody else is asked.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.addresses import Address
from accounts.models import Membership, User
from accounts.querysets import NOBODY
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, refusal
from sharing.addresses import MARKETPLACE, address_of, is_marketplace, resolve
from sharing.models import AddressKind, Block, Share, Trust
from sharing.naming import NOT_OF_ACCOUNT, known_groups
from sharing.policies import Accepting, Judge, Verdict, judge_for, strictest


@dataclass(frozen=True)
class Target:
    """One recipient of an offer.

    Attributes:
        recipient: whom the address resolves to at this moment; None for an unknown one.
        decider: who has accepted already: the producer, by own authority, or the person who said that this producer
            is trusted. None when the recipient is asked.
        doubts: what a policy of the recipient says against what is accepted already, without refusing it.
    """

    kind: AddressKind
    value: str
    recipient: Group | None
    decider: User | None = None
    doubts: tuple[Verdict, ...] = ()

    @property
    def key(self) -> tuple[AddressKind, str]:
        """What tells the shares of an image apart."""
        return self.kind, self.value


def find_targets(image: Image, by: Viewer, addresses: Iterable[Address], groups: Iterable[Group]) -> list[Target]:
    """Whom an offer reaches, each once, in the order given, with who decides.

    Whoever offers with a token has authority over nobody else, and trust is in people: everybody is asked.

    Raises:
        PermissionDenied: a group is not the producer's to decide for.
        ValidationError: there is no recipient, or one is the image's own account.
    """
    targets = [*_addressed(image, by, list(addresses)), *_chosen(by, list(groups))]
    if not targets:
        raise ValidationError({"recipients": "Name at least one recipient."}, code="required")
    # The producer learns nothing here: an own account is reached by its number, a personal one by its person's
    # login and address, and whoever shares from it is that person.
    if any(target.recipient and target.recipient.pk == image.account_id for target in targets):
        raise ValidationError({"recipients": f"{image.account.title} owns this image: leave it out."}, code="own")
    each_once = list({target.key: target for target in targets}.values())
    return each_once if by.most else _judged(image, each_once)


def candidates(share: Share) -> list[Group | None]:
    """Whom offering a share again could reach."""
    if not share.is_addressed:
        return [share.recipient]
    return list(resolve([address_of(share.kind, share.address)]).values())


def target_of(share: Share, by: Viewer) -> Target:
    """Whom offering a share again reaches: the same as naming the recipient once more.

    Raises:
        PermissionDenied: it names a group or organization that the producer does not manage.
        ValidationError: it reaches the image's own account, which has taken the image over since.
    """
    if share.kind in (AddressKind.TEAM, AddressKind.ORGANIZATION) and share.recipient:
        return find_targets(share.image, by, [], [share.recipient])[0]
    return find_targets(share.image, by, [address_of(share.kind, share.address)], [])[0]


def offer_refusal(viewer: Viewer, image: Image) -> str:
    """Why the viewer cannot offer an image of the account; empty when they can."""
    return refusal(viewer, Verb.OFFER, image) or open_to_all(image) or over(image)


def over(image: Image) -> str:
    """Why an image can no longer be offered: nobody could begin to use it. Empty while it can."""
    return f"This image is {image.life}: nobody could begin to use it." if image.is_over else ""


def open_to_all(image: Image) -> str:
    """Why an image needs no offer: its grants would sleep, and the recipients would see no offer. Empty otherwise."""
    if image.visibility in (Image.Visibility.COMMUNITY, Image.Visibility.PUBLIC):
        return f"This image is {image.visibility}: everybody can use it without an offer."
    return ""


def _judged(image: Image, targets: list[Target]) -> list[Target]:
    """Let nobody decide for a recipient whose policy refuses the image, or them: it is asked like anybody else.

    In the same statements whoever the recipients are, and whether there are any.
    """
    judge = judge_for([target.recipient.pk for target in targets if target.recipient])
    managing = _managing(judge, [target.decider.pk for target in targets if target.decider])
    return [_asked_if_refused(target, image, judge, managing) if target.decider else target for target in targets]


Managing = Collection[tuple[int, int]]


def _managing(judge: Judge, deciders: Collection[int]) -> Managing:
    """Which of the deciders manage which organization of the recipients: by the ids of both."""
    organizations = {pk for pk in judge.organizations.values() if pk} or {NOBODY}
    rows = Membership.objects.filter(group__in=organizations, user__in=deciders or [NOBODY], role=Role.MANAGER)
    return set(rows.values_list("group_id", "user_id"))


def _asked_if_refused(target: Target, image: Image, judge: Judge, managing: Managing) -> Target:
    verdicts = judge.verdicts(image, target.recipient.pk) if target.recipient else []
    if any(verdict.is_enforced for verdict in verdicts) or _waits_for_managers(target, judge, managing):
        return replace(target, decider=None)
    return replace(target, doubts=tuple(verdicts))


def _waits_for_managers(target: Target, judge: Judge, managing: Managing) -> bool:
    """Whether only managers of its organization accept for the recipient, and the decider is none of them."""
    if target.recipient is None or target.decider is None:
        return False
    organization = judge.organizations.get(target.recipient.pk)
    accepting = strictest(policy.accepting for policy in judge.holding_for(target.recipient.pk))
    return bool(organization) and accepting == Accepting.MANAGERS and (organization, target.decider.pk) not in managing


def _addressed(image: Image, by: Viewer, addresses: list[Address]) -> list[Target]:
    if not addresses:
        return []
    found = resolve(addresses)
    deciders = {} if by.most else _deciders(image, by, found.values())
    return [_target(address, found.get(address), deciders) for address in addresses]


def _deciders(image: Image, by: Viewer, reached: Iterable[Group]) -> dict[int, User]:
    """Who has accepted already: the producer for accounts of their own, and those who trust it. By recipient."""
    ids = [group.pk for group in reached]
    trusting = Trust.objects.of_producer(image.account, recipients=ids)
    # Who trusts a whole organization may block one account of it.
    blocking = Block.objects.of_producer(image.account, recipients=ids)
    deciders = {pk: who for pk, who in trusting.items() if pk not in blocking}
    return deciders | {account.pk: by.user for account in by.administered_accounts}


def _target(address: Address, group: Group | None, deciders: Mapping[int, User]) -> Target:
    if is_marketplace(address):
        return Target(AddressKind.MARKETPLACE, MARKETPLACE, None)  # staff decide, for everybody
    return Target(AddressKind(address.kind), address.value, group, deciders.get(group.pk) if group else None)


def _chosen(by: Viewer, groups: list[Group]) -> list[Target]:
    if not (by.most and groups):
        return [_decided_for(by, group) for group in groups]
    known = known_groups(by, [group.pk for group in groups])
    if any(group.pk not in known for group in groups):
        raise PermissionDenied(NOT_OF_ACCOUNT)
    return [Target(AddressKind(known[group.pk][0]), str(group.pk), group) for group in groups]


def _decided_for(by: Viewer, group: Group) -> Target:
    for account in by.administered_accounts:
        if account.pk == group.pk:
            return Target(AddressKind.NUMBER, account.number, account.group_ptr, by.user)
    for kind, managed in ((AddressKind.TEAM, by.managed_teams), (AddressKind.ORGANIZATION, by.managed_organizations)):
        if any(group.pk == own.pk for own in managed):
            return Target(kind, str(group.pk), group, by.user)
    raise PermissionDenied("You can share only with groups and organizations that you manage.")
