"""What the pages of policies, rules, approvals and exposure have in common."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.hooks import GroupPage
from accounts.models import Account, AnyGroup, Organization
from accounts.permissions import Verb, may
from accounts.viewer import Viewer
from images.models import Image
from sharing.actions.approvals import withdraw_refusal
from sharing.models import OfferRequest, Policy, Rules

ANSWERS_ARE_SHOWN = timedelta(days=14)
MOST_REQUESTS = 50


def pages_of(viewer: Viewer, group: AnyGroup) -> list[GroupPage]:
    """The pages beside the people of an account or organization. A query for managers, who see what waits for them."""
    if isinstance(group, Account):
        pages = [GroupPage("policy", "Policy", address("account_policy", viewer))]
        if may(viewer, Verb.MANAGE_WEBHOOKS):
            pages.append(GroupPage("webhooks", "Webhooks", address("webhook_list", viewer)))
        return pages
    if not isinstance(group, Organization):
        return []
    pages = [
        GroupPage("policy", "Policy", address("organization_policy", viewer, group)),
        GroupPage("rules", "Rules", address("organization_rules", viewer, group)),
    ]
    if may(viewer, Verb.APPROVE, group):
        waiting = OfferRequest.objects.open().filter(organization=group.pk).count()
        pages += [
            GroupPage("approvals", "Approvals", address("organization_approvals", viewer, group), waiting),
            GroupPage("exposure", "Exposure", address("organization_exposure", viewer, group)),
        ]
    return pages


def address(name: str, viewer: Viewer, organization: Organization | None = None, **more: object) -> str:
    """The address of one of these pages, for the account that the viewer works for."""
    where: dict[str, object] = {"number": viewer.account.number}
    if organization is not None:
        where["pk"] = organization.pk
    return reverse(name, kwargs=where | more)


def joining_terms(organization: Organization) -> list[str]:
    """What holds for an account that joins an organization, so that its admins agree knowingly. Two queries."""
    rules = Rules.objects.filter(organization=organization.pk).first()
    policy = Policy.objects.filter(group=organization.pk).exclude(mode=Policy.Mode.OFF).first()
    said = rules.sentences if rules else []
    if policy and policy.conditions:
        said = [*said, f"It takes only images {', '.join(policy.conditions)}: its policy holds for its accounts, too."]
    return [*said, f"Managers of {organization.title} see what its accounts share outside."]


@dataclass(frozen=True)
class Waiting:
    """An offer of an image that waits for approval, or was not approved lately.

    Attributes:
        refusal: why the viewer cannot withdraw it.
    """

    request: OfferRequest
    refusal: str


def requests_of(image: Image, viewer: Viewer) -> list[Waiting]:
    """What waits beside the shares of an own image. One query, and only where there is an organization to ask."""
    if viewer.account.organization_id is None:
        return []
    lately = Q(status=OfferRequest.Status.REFUSED, decided_at__gt=timezone.now() - ANSWERS_ARE_SHOWN)
    rows = OfferRequest.objects.filter(Q(status=OfferRequest.Status.OPEN) | lately, image=image)
    rows = rows.select_related("organization", "requested_by", "decided_by")
    return [Waiting(row, withdraw_refusal(viewer, row)) for row in rows[:MOST_REQUESTS]]
