"""The producers of whom an account or organization has heard: those whom it can say that it trusts."""

from django.contrib.auth.models import Group
from django.db.models import Q

from accounts.models import AnyGroup, Organization
from sharing.models import Share

MOST = 200


def producers_known_to(group: AnyGroup) -> dict[int, tuple[str, Group]]:
    """Accounts that have offered something, and their organizations, by id, each with its name. One query.

    What was offered to an account of an organization and is not accepted is that account's own business.
    """
    recipients = Q(recipient=group.pk)
    if isinstance(group, Organization):
        recipients |= Q(recipient__as_account__organization=group.pk, status=Share.Status.ACCEPTED)
    own = {group.pk, getattr(group, "organization_id", None) or group.pk}
    shares = Share.objects.live().not_blocked().filter(recipients).exclude(image__account__organization__in=own)
    shares = shares.exclude(image__account=group.pk).order_by("-offered_at", "-pk")
    known: dict[int, tuple[str, Group]] = {}
    for share in shares.select_related("image__account__organization")[:MOST]:
        account = share.image.account
        known[account.pk] = (str(account), account.group_ptr)
        if organization := account.organization:
            known[organization.pk] = (
                f"{organization.title}: every account of the organization",
                organization.group_ptr,
            )
    return known
