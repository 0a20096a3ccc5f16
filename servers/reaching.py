"""Who may boot an image, or have its data, at this moment: asked of whole accounts, as workers and clouds know nobody
else, and without anybody who asks.
"""

from django.db.models import Q

from accounts.models import Account, Membership
from accounts.roles import Kind
from images.models import Image
from servers.models import CloudKey, CloudMember, Server
from sharing.models import Share
from sharing.policies import judge_for
from sharing.querysets import ShareQuerySet


def shares_reaching(account: Account) -> ShareQuerySet:
    """The shares that give an account images at this moment: its own ones, those of its organization, and
    those of the groups, organizations and personal accounts of the people who are in it now.
    """
    people = Membership.objects.filter(group=account.pk).values("user")
    theirs = Membership.objects.filter(user__in=people)
    groups = theirs.filter(kind__in=[Kind.TEAM, Kind.ORGANIZATION]).values("group")
    personal = Account.objects.filter(personal_of__in=people).values("pk")
    reaches = Q(recipient=account.pk) | Q(recipient__in=groups) | Q(recipient__in=personal)
    if account.organization_id:
        reaches |= Q(recipient=account.organization_id)
    return Share.objects.live().giving_access().filter(reaches)


def why_not_given(image: Image, account: Account, shares: ShareQuerySet) -> str:
    """Why an account may not have the data of an image now; empty when it may.

    Args:
        shares: those by which it has the image; only the ones that reach it now count.
    """
    if not account.is_open:
        return f"{account.title} is closed."
    if image.is_boot_only:
        return f"“{image.name}” is for booting only, and whoever boots it in that cloud can download it there."
    if image.account_id == account.pk:
        return ""
    if not image.is_live or not image.is_active or image.is_over or image.data.is_damaged:
        return f"“{image.name}” cannot be used any more."
    if not (image.is_open_to_all or _reached(image, account, shares)):
        return f"“{image.name}” is no longer shared with {account.title}, or for booting only."
    return judge_for([account.pk]).refusal(image, account.pk)


def why_not_member(member: CloudMember) -> str:
    """Why a project may not have a registered image in its cloud, as of now; empty when it may."""
    image = Image.objects.select_related("account", "region", "data__content_check").get(pk=member.image_id)
    account = Account.objects.select_related("organization").get(pk=member.account_id)
    keys = CloudKey.objects.filter(account=account, region=image.region, project_id=member.member_id, removed_at=None)
    if not keys.exists():
        return f"{account.title} has no cloud key of that project any more."
    return why_not_given(image, account, member.shares.all())


def left_behind(image: Image) -> list[CloudMember]:
    """The projects that have a registered image in its cloud and should not, because it could not be taken back."""
    troubled = CloudMember.objects.filter(image=image).exclude(problem="").order_by("pk")
    return [member for member in troubled if why_not_member(member)]


def _reached(image: Image, account: Account, shares: ShareQuerySet) -> bool:
    return shares_reaching(account).filter(image=image, pk__in=shares.values("pk"), export=True).exists()


def why_not_booted(server: Server) -> str:
    """Why a server may not begin from its image any more, long after somebody asked for it; empty when it may."""
    image, account = server.image, server.account
    if image.account_id == account.pk and not image.is_live:
        return ""  # the account has deleted its own image, and what it asked for before goes on
    if not image.is_active:
        return f"“{server.image_name}” was deactivated or deleted before the server could begin."
    if image.account_id == account.pk or image.is_open_to_all:
        return ""
    if shares_reaching(account).filter(pk__in=server.shares.values("pk")).exists():
        return ""
    return f"“{server.image_name}” is no longer shared with {account.title}."
