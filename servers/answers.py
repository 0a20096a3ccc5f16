"""What servers answers when accounts, images and sharing ask (``accounts.hooks``, ``images.hooks``)."""

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db.models import Count, Max, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

import accounts.hooks
import images.hooks
from accounts.models import Account
from accounts.viewer import Viewer
from images.hooks import Consequence, MenuEntry, Usage
from images.models import Image
from images.permissions import Verb as ImageVerb
from images.permissions import refusal as image_refusal
from images.querysets import OPEN_TO_ALL
from servers import governing, keys
from servers.actions.budgets import end_budget_of, end_budgets
from servers.actions.formations import close_formations_of
from servers.actions.members import attend_to_members_soon, look_after_leaving, look_after_person
from servers.actions.operating import end_server
from servers.actions.secrets import rotate_secrets
from servers.models import RegionCloud, Server
from servers.permissions import Verb, refusal, role_rights
from servers.reaching import left_behind

MOST_NAMES = 5


def register() -> None:
    """Register every answer. Called once, when the apps are ready."""
    accounts.hooks.account_sections.register(governing.budget_section)
    accounts.hooks.closing.register(delete_servers)
    accounts.hooks.closing.register(end_budgets)
    accounts.hooks.closing.register(close_formations_of)
    accounts.hooks.closing_consequences.register(closing_consequences)
    accounts.hooks.group_pages.register(governing.pages_of)
    accounts.hooks.group_pages.register(keys.pages_of)
    accounts.hooks.joining_terms.register(governing.joining_terms)
    accounts.hooks.left_organization.register(end_budget_of)
    accounts.hooks.left_organization.register(look_after_leaving)
    accounts.hooks.membership_ended.register(look_after_person)
    accounts.hooks.role_rights.register(role_rights)
    accounts.hooks.secrets.register(rotate_secrets)
    images.hooks.consequences.register(consequences)
    images.hooks.detail_notices.register(detail_notices)
    images.hooks.grants_changed.register(attend_to_members_soon)
    images.hooks.usage.register(usage)
    images.hooks.ways_to_add.register(ways_to_add)
    images.hooks.menu_entries.register(menu_entries)


def delete_servers(group: Group, by: Viewer) -> None:
    """An account that is closed has no servers any more."""
    for server in Server.objects.live().select_for_update(of=("self",)).filter(account=group.pk):
        end_server(server, by)


def closing_consequences(group: Group) -> list[str]:
    """What of servers ends when an account is closed."""
    if not isinstance(group, Account):
        return []
    count = Server.objects.live().filter(account=group).count()
    return [f"{count} {'server' if count == 1 else 'servers'} will be deleted."] if count else []


def consequences(image: Image, change: str) -> list[Consequence]:
    """Which servers of the own account run from an image, and how many of others: they all go on."""
    if change in OPEN_TO_ALL:
        return []  # nobody loses it
    servers = Server.objects.live().filter(image=image)
    names = tuple(servers.filter(account=image.account_id).values_list("name", flat=True)[: MOST_NAMES + 1])
    count = servers.count()
    if not count:
        return []
    what = "1 server from it goes" if count == 1 else f"{count} servers from it go"
    shown = names[:MOST_NAMES]
    return [Consequence(f"{what} on, but cannot be rebuilt.", shown, count - len(shown) if shown else 0)]


def detail_notices(request: HttpRequest, image: Image) -> str:
    """Who still has an own registered image in its cloud. One query, for registered images only."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # the middleware's, see PanelRequest
    if image.source != Image.Source.REGISTERED or image.account_id != viewer.account.pk:
        return ""
    context = {"members": left_behind(image), "image": image, "number": viewer.account.number}
    return render_to_string("servers/left_behind.html", context, request) if context["members"] else ""


def usage(viewer: Viewer, share_ids: Sequence[int]) -> dict[int, Usage]:
    """How many servers each recipient runs from our images, and when the last one was booted. One query."""
    rows = (
        Server.shares.through.objects.filter(share__in=share_ids, share__image__account=viewer.account)
        .values("share")
        .annotate(
            running=Count("pk", filter=Q(server__status="running") & ~Q(server__wanted="deleted")),
            last_at=Max("server__created_at"),
        )
    )
    return {row["share"]: Usage(running=row["running"], last_at=row["last_at"]) for row in rows}


def ways_to_add(viewer: Viewer) -> list[MenuEntry]:
    """Register an image that is in a cloud already, where a region has one. One query."""
    if not RegionCloud.objects.filter(kind=RegionCloud.Kind.OPENSTACK, closed_at=None).exists():
        return []
    url = reverse("image_register", kwargs={"number": viewer.account.number})
    return [MenuEntry("Register an image", url, 20, icon="server", note="One that is in an OpenStack cloud already")]


def menu_entries(viewer: Viewer, image: Image) -> list[MenuEntry]:
    """Create Server, the first of the menu. No query for each row."""
    url = f"{reverse('server_create', kwargs={'number': viewer.account.number})}?image={image.pk}"
    reason = refusal(viewer, Verb.CREATE) or image_refusal(viewer, ImageVerb.USE, image)
    return [MenuEntry("Create Server", url, 5, reason=reason, icon="server")]
