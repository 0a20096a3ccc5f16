"""Who may have the data of an image at this moment, outside of the panel too: asked of whole accounts, as clouds know
nobody else, and without anybody who asks.
"""

from django.db.models import Q

from accounts.models import Account, Membership
from accounts.roles import Kind
from images.models import Image
from sharing.models import Share
from sharing.policies import judge_for
from sharing.querysets import ShareQuerySet


def shares_reaching(account: Account) -> ShareQuerySet:
    """The shares that give an account the data of images at this moment: its own ones, those of its organization, and
    those of the groups, organizations and personal accounts of the people who are in it now.
    """
    people = Membership.objects.filter(group=account.pk).values("user")
    theirs = Membership.objects.filter(user__in=people)
    groups = theirs.filter(kind__in=[Kind.TEAM, Kind.ORGANIZATION]).values("group")
    personal = Account.objects.filter(personal_of__in=people).values("pk")
    reaches = Q(recipient=account.pk) | Q(recipient__in=groups) | Q(recipient__in=personal)
    if account.organization_id:
        reaches |= Q(recipient=account.organization_id)
    return Share.objects.live().giving_access().filter(reaches, export=True)


def why_not_given(image: Image, account: Account, shares: ShareQuerySet) -> str:
    """Why an account may not have the data of an image now; empty when it may.

    Args:
        shares: those by which it has the image; only the ones that reach it now count.
    """
    if not account.is_open:
        return f"{account.title} is closed."
    if not image.is_live or not image.is_active or image.is_over or image.data.is_damaged:
        return f"“{image.name}” cannot be used any more."
    if image.is_boot_only:
        return f"“{image.name}” is for booting only, and whoever boots it in that cloud can download it there."
    if image.account_id == account.pk:
        return ""
    if not (image.is_open_to_all or _reached(image, account, shares)):
        return f"“{image.name}” is no longer shared with {account.title}, or for booting only."
    return judge_for([account.pk]).refusal(image, account.pk)


def _reached(image: Image, account: Account, shares: ShareQuerySet) -> bool:
    return shares_reaching(account).filter(image=image, pk__in=shares.values("pk")).exists()
