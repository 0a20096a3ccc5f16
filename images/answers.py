"""What images answers when accounts asks (``accounts.hooks``)."""

from django.urls import reverse

import accounts.hooks
from accounts.models import Account, Organization, Team
from accounts.viewer import Viewer
from images import actions
from images.models import Image
from images.permissions import role_rights


def register() -> None:
    """Register every answer. Called once, when the apps are ready."""
    accounts.hooks.account_home.register(saved_images)
    accounts.hooks.closing.register(delete_images)
    accounts.hooks.closing_consequences.register(closing_consequences)
    accounts.hooks.role_rights.register(role_rights)


def saved_images(account: Account) -> str:
    """The first page of an account: its Saved Images."""
    return reverse("image_list", kwargs={"number": account.number})


def delete_images(group: Account | Organization | Team, by: Viewer) -> None:
    """An account is being closed: its images go with it."""
    if isinstance(group, Account):
        actions.delete_images_of(group, by=by)


def closing_consequences(group: Account | Organization | Team) -> list[str]:
    """How many images go with an account."""
    if not isinstance(group, Account) or not (count := Image.objects.live().filter(account=group).count()):
        return []
    return [f"{count} {'image is' if count == 1 else 'images are'} deleted; whoever uses them loses access."]
