"""What images answers when accounts asks (``accounts.hooks``)."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

import accounts.hooks
import images.hooks
from accounts.models import Account, Organization, Team
from accounts.permissions import Verb, refusal
from accounts.viewer import Viewer
from images import actions, plans
from images.models import Image
from images.permissions import role_rights
from images.quotas import levels_of, most_pressing_first, wanted_by, why_not_ask, write_limits


def register() -> None:
    """Register every answer. Called once, when the apps are ready."""
    accounts.hooks.account_home.register(saved_images)
    accounts.hooks.account_sections.register(quota_section)
    accounts.hooks.closing.register(delete_images)
    accounts.hooks.closing_consequences.register(closing_consequences)
    accounts.hooks.role_rights.register(role_rights)
    images.hooks.consequences.register(plans.consequences)
    images.hooks.detail_notices.register(plans.detail_notice)
    images.hooks.row_notes.register(plans.row_notes)


def quota_section(request: HttpRequest, viewer: Viewer) -> str:
    """How much the account keeps and does at once, of how much it may, and the last request for more."""
    levels = levels_of(viewer.account)
    asked = viewer.account.quota_requests.news().first()
    role_reason = refusal(viewer.role, Verb.ASK_FOR_MORE, viewer.account)
    waiting = asked if asked and asked.is_open else None
    context = {
        "account": viewer.account,
        "levels": most_pressing_first(levels),
        "asked": asked,
        "wanted": write_limits(wanted_by(asked)) if asked else "",
        "ask_reason": role_reason or why_not_ask({each: level.limit for each, level in levels.items()}, waiting),
        "withdraw_reason": role_reason,
    }
    return render_to_string("images/quota/section.html", context, request)


def saved_images(account: Account) -> str:
    """The first page of an account: its Saved Images."""
    return reverse("image_list", kwargs={"number": account.number})


def delete_images(group: Account | Organization | Team, by: Viewer) -> None:
    """An account is being closed: its images go with it, and what it has asked for."""
    if isinstance(group, Account):
        actions.end_quota_requests_of(group, by=by)
        actions.delete_images_of(group, by=by)


def closing_consequences(group: Account | Organization | Team) -> list[str]:
    """How many images go with an account."""
    if not isinstance(group, Account) or not (count := Image.objects.live().filter(account=group).count()):
        return []
    return [f"{count} {'image is' if count == 1 else 'images are'} deleted; whoever uses them loses access."]
