"""Consent in the cloud itself: a registered image is shared there with those who have it here, and with nobody else.

A project becomes a member when somebody accepts, or at the latest when a server boots, and is accepted by the key of
the consumer; it is removed by the key of the producer when nothing here gives the image any more. Whoever is in can
download the image there, so nobody is let in who may only boot it. Whatever happens in between, and whoever dies, the
next look brings both together: it is asked for after each change of grants, and every ten minutes because shares also
end by the clock, and people leave. Members that were added in the cloud by hand are left alone.
"""

import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from accounts.models import Account, AnyGroup, Membership, Organization, User
from accounts.roles import Kind
from images.models import Image, Region
from servers.clouds.base import CloudProblem, CloudRefused, SharesImages
from servers.clouds.finding import cloud_of
from servers.models import CloudKey, CloudMember, Server
from servers.reaching import why_not_given, why_not_member
from sharing.models import Share

logger = logging.getLogger(__name__)


def attend_to_members_soon(image: Image) -> None:
    """Have a worker look at who has an image in its cloud, once the transaction is through."""
    if image.source == Image.Source.REGISTERED:
        transaction.on_commit(lambda: async_task("servers.tasks.attend_to_members", str(image.pk), cluster="control"))


def attend_to_all_members() -> int:
    """Look at every registered image: shares end by the clock, keys come, and clouds do not always answer."""
    images = Image.objects.filter(source=Image.Source.REGISTERED)
    wanted = images.live() | images.filter(cloud_members__isnull=False)
    ids = list(wanted.distinct().values_list("pk", flat=True))
    for pk in ids:
        async_task("servers.tasks.attend_to_members", str(pk), cluster="control")
    return len(ids)


def look_after_leaving(account: Account, _organization: Organization) -> None:
    """Look at every image that an account has in a cloud, because it has just left its organization."""
    _attend_to_images_of([account.pk])


def look_after_person(group: AnyGroup, person: User, _by: User) -> None:
    """Look at what the accounts of somebody have in clouds: it may have come through the group that they just left."""
    accounts = Membership.objects.filter(user=person, kind=Kind.ACCOUNT).values_list("group", flat=True)
    _attend_to_images_of([group.pk, *accounts])


def look_after_key(account: Account, region: Region) -> None:
    """Look at what an account has in a cloud, because it has another key for it now, or none."""
    _attend_to_images_of([account.pk], region=region)


def _attend_to_images_of(accounts: Collection[int], **where: Any) -> None:
    for image in Image.objects.filter(cloud_members__account__in=accounts, **where).distinct():
        attend_to_members_soon(image)


def attend_to_members(image_id: UUID) -> None:
    """Let into the image in its cloud whoever has it here, and let go whoever has not."""
    image = Image.objects.select_related("region", "account", "data").get(pk=image_id)
    _note_recipients(image)
    for member in image.cloud_members.select_related("account").order_by("pk"):
        try:
            if why_not_member(member):
                _let_go(image, member)
            elif not member.accepted_at:
                _let_in(image, member)
        except CloudProblem as problem:
            logger.warning("%s in %s for %s: %s", image.pk, image.region_id, member.account.number, problem)
            CloudMember.objects.filter(pk=member.pk).update(problem=str(problem)[:500])


def admit(server: Server) -> None:
    """Let the account of a server into its image in the cloud, before it boots there.

    Raises:
        CloudRefused: it has the image no more: it was taken back after the server was asked for.
        CloudProblem: it did not work.
    """
    image = server.image
    if not server.data.place_in_cloud or server.account_id == image.account_id:
        return
    project_id = _project_of(server.region, server.account)
    with transaction.atomic():
        member = _noted(image, server.account, project_id)
        member.shares.add(*server.shares.all())
    if (reason := why_not_member(member)) or not _let_in(image, member):
        attend_to_members_soon(image)
        raise CloudRefused(reason or why_not_member(member) or f"“{image.name}” was taken back meanwhile.")


@transaction.atomic
def _note_recipients(image: Image) -> None:
    """The accounts to which it is shared with its data, and that have a key there. Whom groups and organizations let in
    shows when they boot it.
    """
    shares = Share.objects.live().giving_access().filter(image=image, export=True, recipient__as_account__isnull=False)
    for share in shares.select_related("recipient__as_account"):
        assert share.recipient
        account = share.recipient.as_account
        for key in _keys(image.region, account).exclude(project_id=""):
            if account.pk != image.account_id and not why_not_given(image, account, shares):
                _noted(image, account, key.project_id).shares.add(share)


def _noted(image: Image, account: Account, project_id: str) -> CloudMember:
    own = _keys(image.region, image.account).values_list("project_id", flat=True).first()
    member, _is_new = CloudMember.objects.get_or_create(
        image=image, account=account, member_id=project_id, defaults={"owner_project": own or ""}
    )
    return member


def _let_in(image: Image, member: CloudMember) -> bool:
    """Let a project in, in the cloud. If what it has the image by is gone meanwhile, it is let go at once.

    Returns:
        Whether it is in.
    """
    place = image.data.place_in_cloud
    _images_of(image.region, image.account).add_member(place, member.member_id)
    _images_of(image.region, member.account).accept(place)
    with transaction.atomic():
        row = CloudMember.objects.select_for_update().filter(pk=member.pk).first()
        if row is not None and not why_not_member(row):
            row.accepted_at, row.problem = row.accepted_at or timezone.now(), ""
            row.save(update_fields=["accepted_at", "problem"])
            return True
    _let_go(image, member)
    return False


def _let_go(image: Image, member: CloudMember) -> None:
    """Let a project go, in the cloud. If it has the image again meanwhile, the next look lets it in."""
    images = _images_of(image.region, image.account)
    images.remove_member(image.data.place_in_cloud, member.member_id, owner=member.owner_project)
    with transaction.atomic():
        row = CloudMember.objects.select_for_update().filter(pk=member.pk).first()
        if row is None:
            return
        if why_not_member(row):
            row.delete()
            return
        row.accepted_at = None
        row.save(update_fields=["accepted_at"])
        attend_to_members_soon(image)


def _images_of(region: Region, account: Account) -> SharesImages:
    cloud = cloud_of(region, account)
    if not isinstance(cloud, SharesImages):
        raise CloudRefused(f"{region.name} keeps no images that could be shared there.")
    return cloud


def _keys(region: Region, account: Account) -> QuerySet[CloudKey]:
    return CloudKey.objects.filter(region=region, account=account, removed_at__isnull=True)


def _project_of(region: Region, account: Account) -> str:
    key = _keys(region, account).first()
    if key is None or not key.project_id:
        raise CloudRefused(f"The cloud key of {account.title} for {region.name} has not been tested. Replace it.")
    return key.project_id
