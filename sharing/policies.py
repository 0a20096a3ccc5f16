"""Which images of others an account or organization takes: asked when an offer is accepted, and when data is used.

Two policies can hold for an account: its own and that of its organization. Each gives its own verdicts, so that
people read whose it is (docs/adr/0020-policies-and-rules.md).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import Account
from accounts.once import once_for_each
from accounts.querysets import NOBODY
from accounts.viewer import Viewer
from images.looks import Look
from images.models import ContentCheck, Image
from sharing.models import Policy, Trust

Accepting = Policy.Accepting


@dataclass(frozen=True)
class Verdict:
    """Why a policy does not take an image.

    Attributes:
        reason: a sentence that says whose policy it is.
    """

    reason: str
    policy: Policy

    @property
    def is_enforced(self) -> bool:
        """Whether it is refused. Otherwise it is only written down that it would have been."""
        return self.policy.is_enforced


@dataclass(frozen=True)
class Judge:
    """Policies, and all that is needed to ask them about any number of images without another query.

    Attributes:
        policies: with their groups.
        organizations: of each account in question, its organization.
        trusted: of each account and organization, the producers that it trusts.
    """

    policies: Collection[Policy]
    organizations: Mapping[int, int | None]
    trusted: Mapping[int, set[int]]

    @property
    def wants_looks(self) -> bool:
        """Whether the ``content_check`` of image data is going to be asked for."""
        return any(policy.only_inspected and policy.mode != Policy.Mode.OFF for policy in self.policies)

    def holding_for(self, group_id: int) -> list[Policy]:
        """The policies that hold for an account (its own and its organization's), group or organization."""
        holding = {group_id, self.organizations.get(group_id)}
        return [policy for policy in self.policies if policy.group_id in holding]

    def verdicts(self, image: Image, group_id: int) -> list[Verdict]:
        """What the policies that hold for a group say against an image; nothing against one of its own.

        Args:
            image: with its account, and its data with the ``content_check``.
        """
        if image.account_id == group_id:
            return []
        active = (policy for policy in self.holding_for(group_id) if policy.mode != Policy.Mode.OFF)
        return [Verdict(reason, policy) for policy in active for reason in self._reasons(policy, image)]

    def refusal(self, image: Image, group_id: int) -> str:
        """Why an image is refused to a group; empty when it is not."""
        return next((each.reason for each in self.verdicts(image, group_id) if each.is_enforced), "")

    def _reasons(self, policy: Policy, image: Image) -> Iterator[str]:
        if policy.only_trusted and not self._trusts(policy, image.account):
            yield f"{policy.title} takes only images of producers that it trusts."
        if policy.only_inspected and not was_found_clean(image):
            yield f"{policy.title} takes only images that were looked into without finding secrets."
        if policy.max_age_days and (age := (timezone.now() - image.created_at).days) > policy.max_age_days:
            yield f"{policy.title} takes only images of at most {policy.max_age_days} days; this one has {age}."

    def _trusts(self, policy: Policy, producer: Account) -> bool:
        """What an organization trusts, its accounts do; not the other way round. Its accounts trust each other."""
        organization = self.organizations.get(policy.group_id, policy.group_id) or NOBODY
        trusted = self.trusted.get(policy.group_id, set()) | self.trusted.get(organization, set()) | {organization}
        return bool(trusted & {producer.pk, producer.organization_id})


def was_found_clean(image: Image) -> bool:
    """Whether somebody looked inside, saw files, and found nothing that gives others access.

    A look that could not see everything counts, since hardly any sees all; one that saw nothing does not.
    """
    look = Look(image.data)
    return look.is_done and not look.has_secrets and any(part.files for part in look.parts)


def judge_for(group_ids: Collection[int]) -> Judge:
    """The judge for recipients. Three queries, whoever they are, whether there are any, and whatever they have set."""
    accounts = Account.objects.filter(pk__in=group_ids or [NOBODY])
    organizations = dict(accounts.values_list("pk", "organization_id"))
    ids = {*group_ids, *organizations.values()} - {None}
    return Judge(_policies_of(ids), organizations, _trusted_by(ids))


@once_for_each
def judge_of(viewer: Viewer) -> Judge:
    """The judge for all that reaches a viewer. One query per request, and another where somebody has to be trusted."""
    organizations = {account.pk: account.organization_id for account in viewer.accounts}
    administered = {account.pk for account in viewer.administered_accounts}
    ids = {viewer.account.pk, *administered, *viewer.decides_for}
    ids |= {organizations.get(pk) for pk in ids} - {None}
    policies = _policies_of(ids)
    by_trust = any(policy.only_trusted for policy in policies)
    return Judge(policies, organizations, _trusted_by(ids) if by_trust else {})


def verdicts_of(images: Iterable[Image], viewer: Viewer) -> dict[UUID, list[Verdict]]:
    """What the policies of the viewer's account and its organization say against images; nothing against its own.

    For lists: at most three queries, however many images.

    Args:
        images: with their accounts and data.
    """
    images = list(images)
    prepare(viewer, images)
    judge = judge_of(viewer)
    return {image.pk: judge.verdicts(image, viewer.account.pk) for image in images}


def prepare(viewer: Viewer, images: Iterable[Image]) -> None:
    """Read once for a list what policies will ask of each image. No query where they ask for nothing more."""
    data = {image.data_id: image.data for image in images if image.account_id != viewer.account.pk}
    if data and judge_of(viewer).wants_looks:
        checks = {check.data_id: check for check in ContentCheck.objects.filter(data__in=data)}
        for pk, each in data.items():
            ContentCheck.data.field.remote_field.set_cached_value(each, checks.get(pk))


def use_refusal(viewer: Viewer, image: Image) -> str:
    """Why the account of the viewer may not take the data of an image; empty when it may."""
    return judge_of(viewer).refusal(image, viewer.account.pk)


def accepting_for(viewer: Viewer, group_id: int) -> str:
    """Who accepts for an account among the viewer's: as it says itself, unless its organization is stricter."""
    return strictest(policy.accepting for policy in judge_of(viewer).holding_for(group_id))


def strictest(values: Iterable[str]) -> str:
    """What holds when an account and its organization both say who accepts; admins, when nobody says anything."""
    said = set(values) - {Accepting.ACCOUNT}
    return next((each for each in (Accepting.MANAGERS, Accepting.ADMINS, Accepting.CREATORS) if each in said), "admins")


def allows_sign_in(account: Account) -> bool:
    """Whether a producer may accept for an account by signing in as one of its admins. One query.

    This holds in every mode of a policy: the mode says which images are taken.
    """
    of_organization = Q(group=account.organization_id or NOBODY)
    return not Policy.objects.filter(of_organization | Q(group=account.pk), by_sign_in=False).exists()


def _policies_of(group_ids: Collection[int | None]) -> list[Policy]:
    rows = Policy.objects.filter(group__in=group_ids or [NOBODY])
    return list(rows.select_related("group__as_account", "group__as_organization"))


def _trusted_by(group_ids: Collection[int | None]) -> dict[int, set[int]]:
    trusted: dict[int, set[int]] = {}
    for recipient, producer in Trust.objects.filter(recipient__in=group_ids or [NOBODY]).values_list(
        "recipient", "producer"
    ):
        trusted.setdefault(recipient, set()).add(producer)
    return trusted
