"""The pages that accounts, groups and organizations have alike, and where each is."""

from itertools import chain
from typing import Any

from django.urls import reverse

from accounts import hooks
from accounts.models import Account, AnyGroup
from accounts.roles import Kind
from accounts.viewer import Viewer

PAGES = ("detail", "edit", "close", "leave", "invite", "member_role", "member_remove", "invitation_revoke")

URL_NAMES: dict[Kind, dict[str, str]] = {
    # The account of the page needs no word before what everybody in it does.
    Kind.ACCOUNT: {
        "detail": "account_detail",
        "edit": "account_edit",
        "close": "account_close",
        "leave": "account_leave",
        "invite": "member_invite",
        "member_role": "member_role",
        "member_remove": "member_remove",
        "invitation_revoke": "invitation_revoke",
    },
    Kind.TEAM: {page: f"team_{page}" for page in PAGES},
    Kind.ORGANIZATION: {page: f"organization_{page}" for page in PAGES},
}


def group_path(viewer: Viewer, group: AnyGroup, page: str = "detail", **more: object) -> str:
    """The address of a page of a group, for the account that the viewer works for.

    Args:
        page: one of ``PAGES``.
        more: what else the address holds (``membership_id``, ``token``).
    """
    where: dict[str, object] = {"number": viewer.account.number}
    if not isinstance(group, Account):
        where["pk"] = group.pk
    return reverse(URL_NAMES[group.kind][page], kwargs=where | more)


def tabs_of(viewer: Viewer, group: AnyGroup, current: str = "detail") -> list[dict[str, Any]]:
    """The pages of a group as components/tabs.html takes them; none where its people are all there is.

    Args:
        current: the name of the page that one is on.
    """
    more = list(chain.from_iterable(hooks.group_pages.ask(viewer, group)))
    pages = [hooks.GroupPage("detail", "People", group_path(viewer, group)), *more] if more else []
    return [
        {"label": page.label, "href": page.url, "count": page.count or "", "current": page.name == current}
        for page in pages
    ]
