"""Keys for tests: of people, and of accounts."""

from typing import Any

from django.utils import timezone

from accounts.encryption import encrypt
from accounts.models import User
from accounts.viewer import Viewer
from images.models import Region
from servers.actions import add_ssh_key
from servers.models import CloudKey, RegionCloud, SshKey
from servers.secrets import KEY_SECRETS

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPCJHPoCh1xd/WyXvzQsjuWb9X1iRylZSUkMUKu6VLVQ"
FINGERPRINT = "SHA256:7Y8rU86dwPRe4EIBpslgHPvF3r5iIgN+4ZfkBxCDx5s"  # as ssh-keygen -l says of it
SECRET = "open sesame"


def make_ssh_key(user: User, name: str = "laptop") -> SshKey:
    """A public key of a person."""
    return add_ssh_key(ED25519, by=user, name=name)


def make_place() -> RegionCloud:
    """ORD, whose OpenStack cloud nobody answers for."""
    region, _ = Region.objects.get_or_create(code="ORD", defaults={"name": "Chicago"})
    said = {"kind": "openstack", "auth_url": "http://127.0.0.1:1/v3"}
    cloud, _ = RegionCloud.objects.get_or_create(region=region, defaults=said)
    return cloud


def make_cloud_key(by: Viewer, **fields: Any) -> CloudKey:
    """A key of the viewer's account for that cloud."""
    encrypted = encrypt(SECRET, purpose=KEY_SECRETS)
    given = {"credential_id": "c0ffee", "project_id": "p1", "tested_at": timezone.now(), "created_by": by.user}
    place = make_place()
    given |= {"region": place.region, "given_for": place.hosts}
    return CloudKey.objects.create(account=by.account, encrypted_secret=encrypted, **given | fields)
