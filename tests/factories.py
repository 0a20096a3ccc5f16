"""What the world of a test is built from: people, what they belong to, and images with real bytes, one line each.

People and accounts are made by the panel's own actions. Only joining goes past the invitation that a person would
have to accept, because most tests are not about joining.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.actions import create_account, create_organization, create_person, create_team
from accounts.models import Account, Membership, Organization, Team, User
from accounts.roles import Role
from accounts.viewer import Viewer
from images.demo_disks import bootable_raw
from images.models import Image, ImageData, Region
from images.stores import get_store
from images.streams import Intake, receive

PASSWORD = "stockroom-test"
SMALL_DISK = 4096  # bytes


def make_person(login: str, **fields: Any) -> User:
    """A person with a confirmed address at example.org and the password ``PASSWORD``."""
    email = f"{login}@example.org"
    fields = {"name": login.capitalize(), "password": PASSWORD} | fields
    user = create_person(login=login, email=email, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def signed_in(user: User) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def make_account(title: str, by: User, *, organization: Organization | None = None) -> Account:
    """An account with its first admin."""
    return create_account(title=title, by=by, organization=organization)


def make_team(title: str, by: User) -> Team:
    """A group with its first manager."""
    return create_team(title=title, by=by)


def make_organization(title: str, by: User) -> Organization:
    """An organization with its first manager."""
    return create_organization(title=title, by=by)


def join(user: User, group: Account | Team | Organization, role: Role) -> Membership:
    """Make a person belong to something, as if an invitation had been accepted."""
    return Membership.objects.create(user=user, group=group.group_ptr, kind=group.kind, role=role)


def viewer(user: User, account: Account | None = None) -> Viewer:
    """A person who works for one of their accounts; for the personal one when none is named."""
    found = Viewer.of(user, number=(account or user.personal_account).number)
    assert found, f"{user} is not in {account}."
    return found


def make_region(code: str, **fields: Any) -> Region:
    """A region; IAD is the default one."""
    return Region.objects.create(code=code, **{"name": f"Region {code}", "is_default": code == "IAD"} | fields)


def make_data(content: bytes | None = None) -> ImageData:
    """Image data whose bytes are in the store, received as an upload would be."""
    store = get_store()
    key = store.begin()
    received = receive(
        store=store,
        key=key,
        chunks=[content or bootable_raw("A test disk.", size=SMALL_DISK)],
        intake=Intake(max_bytes=settings.IMAGE_MAX_BYTES, max_virtual_bytes=settings.IMAGE_MAX_VIRTUAL_BYTES),
    )
    return ImageData.objects.create(
        store_key=key,
        stamp=received.stamp,
        disk_format=received.inspection.disk_format,
        container_format=received.inspection.container_format,
        size=received.size,
        virtual_size=received.inspection.virtual_size,
        checksum=received.md5,
        os_hash_value=received.sha512,
    )


def make_image(account: Account, by: User, *, content: bytes | None = None, **fields: Any) -> Image:
    """A private, active image in IAD, with its bytes in the store.

    Args:
        account: the owner.
        by: the person who made it.
        content: the bytes; a disk of ``SMALL_DISK`` bytes when none are given.
        fields: columns of ``Image``.
    """
    if "region" not in fields:
        fields["region"] = Region.objects.filter(code="IAD").first() or make_region("IAD")
    if "data" not in fields:
        fields["data"] = make_data(content)
    defaults = {"name": "debian-12-golden", "created_at": timezone.now()}
    return Image.objects.create(account=account, created_by=by, **defaults | fields)
