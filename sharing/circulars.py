"""Letters about policies, rules and approvals: who decides for others tells them, and who waits is told.

The words are in templates/sharing/letters. What goes to the admins of many accounts is left to a worker.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django_q.tasks import async_task

from accounts.models import Account, Membership, Notification, Organization, User
from accounts.records import Message, notify, notify_each
from accounts.roles import Kind, Role
from accounts.viewer import Viewer
from sharing.letters import quoted, split
from sharing.models import OfferRequest, Share

Kinds = Notification.Kind
MANAGERS_ARE_TOLD_EVERY = timedelta(hours=1)


def policy_changed(organization: Organization, by: Viewer) -> None:
    """Tell the admins of its accounts that an organization takes other images now."""
    _tell_admins_later("policy_changed", "account_policy", organization, by)


def rules_changed(organization: Organization, by: Viewer) -> None:
    """Tell the admins of its accounts that they may share in another way now."""
    _tell_admins_later("rules_changed", "organization_rules", organization, by)


def _tell_admins_later(name: str, page: str, organization: Organization, by: Viewer) -> None:
    task, arguments = "sharing.tasks.tell_admins", (name, page, organization.pk, by.user.pk)
    transaction.on_commit(lambda: async_task(task, *arguments, cluster="mail"))


def tell_admins(name: str, page: str, organization_id: int, by_id: int) -> None:
    """Deliver a letter to the admins of all accounts of an organization, to each of them once."""
    organization, by = Organization.objects.get(pk=organization_id), User.objects.get(pk=by_id)
    subject, body = _written(name, organization=organization, by=by)
    admins = Membership.objects.filter(
        kind=Kind.ACCOUNT,
        role=Role.ADMIN,
        user__is_active=True,
        group__as_account__organization=organization_id,
        group__as_account__closed_at=None,
    )
    told = {row.user: row.group.as_account for row in admins.select_related("user", "group__as_account")}
    told.pop(by, None)
    notify_each(Message(user, subject, body, _page(page, account, organization)) for user, account in told.items())


def _page(page: str, account: Account, organization: Organization) -> str:
    where: dict[str, object] = {"number": account.number}
    return reverse(page, kwargs=where | ({"pk": organization.pk} if page.startswith("organization") else {}))


def approval_wanted(request: OfferRequest) -> None:
    """Tell those who may approve, at most once an hour: the page shows them all."""
    since = timezone.now() - MANAGERS_ARE_TOLD_EVERY
    lately = OfferRequest.objects.filter(organization=request.organization_id, requested_at__gt=since)
    if lately.exclude(pk=request.pk).exists():
        return
    managers = User.objects.filter(memberships__in=Membership.objects.deciding_for(request.organization_id))
    managers = managers.exclude(pk=request.requested_by_id).select_related("personal_account")
    subject, body = _written("approval_wanted", request=request, message=quoted(request.message))
    organization = request.organization_id
    notify_each(Message(user, subject, body, _approvals(user, organization), Kinds.OFFERS) for user in managers)


def _approvals(user: User, organization_id: int) -> str:
    kwargs = {"number": user.personal_account.number, "pk": organization_id}
    return reverse("organization_approvals", kwargs=kwargs)


def approval_decided(request: OfferRequest) -> None:
    """Tell the person who asked, while they are in the account."""
    memberships = Membership.objects.filter(group=request.account.pk, user__is_active=True)
    if not memberships.filter(user=request.requested_by).exists():
        return
    name = f"approval_{request.status}"
    subject, body = _written(name, request=request, answer=quoted(request.answer))
    path = reverse("image_detail", kwargs={"number": request.account.number, "pk": request.image_id})
    notify([request.requested_by], subject=subject, body=body, path=f"{path}#sharing", kind=Kinds.DECISIONS)


def review_wanted(share: Share, organization: Organization, by: Viewer) -> None:
    """Ask the admins of the account that shares an image outside to look whether it is still needed."""
    account = share.image.account
    admins = User.objects.filter(memberships__in=Membership.objects.deciding_for(account.pk)).exclude(pk=by.user.pk)
    path = reverse("image_detail", kwargs={"number": account.number, "pk": share.image_id})
    subject, body = _written("review_wanted", share=share, organization=organization, by=by.user)
    notify(admins, subject=subject, body=body, path=f"{path}#sharing", kind=Kinds.ENDS)


def _written(name: str, **context: Any) -> tuple[str, str]:
    subject, body = split(render_to_string(f"sharing/letters/{name}.txt", context))
    return " ".join(subject.split()), body
