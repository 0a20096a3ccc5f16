"""What api answers when accounts and images ask (``accounts.hooks``, ``images.hooks``)."""

from django.contrib.auth.models import Group
from django.urls import reverse

import accounts.hooks
import images.hooks
from accounts.hooks import GroupPage
from accounts.models import Account, AnyGroup
from accounts.viewer import Viewer
from api.actions.credentials import revoke_all, revoke_those_of
from api.models import ApplicationCredential
from api.permissions import role_rights


def register() -> None:
    """Register every answer. Called once, when the apps are ready."""
    accounts.hooks.closing.register(revoke_all)
    accounts.hooks.closing_consequences.register(closing_consequences)
    accounts.hooks.group_pages.register(pages_of)
    accounts.hooks.membership_ended.register(revoke_those_of)
    accounts.hooks.role_rights.register(role_rights)
    images.hooks.credential_refusals.register(credential_refusal)


def closing_consequences(group: Group) -> list[str]:
    """How many programs no longer get in when an account is closed."""
    count = ApplicationCredential.objects.opening().filter(account=group.pk).count()
    return [f"{count} application {'credential' if count == 1 else 'credentials'} will be revoked."] if count else []


def pages_of(viewer: Viewer, group: AnyGroup) -> list[GroupPage]:
    """The page of credentials beside the people of an account."""
    if group.pk != viewer.account.pk or not isinstance(group, Account):
        return []
    return [GroupPage("api_access", "API access", reverse("credential_list", kwargs={"number": group.number}))]


def credential_refusal(pk: str) -> str:
    """Why nothing comes of what a program has begun by a credential: it is revoked. One that expires in time is not."""
    revoked = ApplicationCredential.objects.filter(pk=pk, revoked_at__isnull=False).first()
    return f"The application credential “{revoked.name}”, by which a program began this, is revoked." if revoked else ""
