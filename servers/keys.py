"""Cloud keys on pages: which regions need one, what is known of it, and trying one before it is kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from django.db.models import Count, Q
from django.urls import reverse

from accounts.encryption import SecretLost
from accounts.hooks import GroupPage
from accounts.models import Account, AnyGroup
from accounts.viewer import Viewer
from images.models import Region
from servers.asking import PAGE_SECONDS
from servers.clouds.base import at_most
from servers.clouds.finding import access_of, why_not_for
from servers.models import CloudKey, RegionCloud
from servers.secrets import secret_of

if TYPE_CHECKING:
    from servers.clouds.openstack import KeyTest

T = TypeVar("T")
TEST_SECONDS = 15  # for which somebody waits
LATER = "Try again later."
NOT_READABLE = "This panel cannot read it any more, because its own secret key was changed. Replace it."


@dataclass(frozen=True)
class Place:
    """A region whose cloud needs a key, and what the account has for it.

    Attributes:
        servers: how many the account has there.
    """

    region: Region
    cloud: RegionCloud
    key: CloudKey | None
    servers: int

    @property
    def look(self) -> str:
        """As ``{% status %}`` knows it."""
        if self.key is None:
            return "pending"
        return "failed" if self.problem else "active"

    @property
    def words(self) -> str:
        """What the status says."""
        if self.key is None:
            return "No key"
        return "Does not work" if self.problem else "Works"

    @property
    def problem(self) -> str:
        """Why the key cannot be used, as far as is known."""
        if self.key is None:
            return ""
        unusable = why_not_for(self.key, self.cloud) or ("" if is_readable(self.key) else NOT_READABLE)
        return unusable or self.key.problem


def places_of(account: Account) -> list[Place]:
    """Every region that needs a key, by name. Two queries."""
    theirs = Q(region__servers__account=account, region__servers__gone_at=None)
    clouds = (
        RegionCloud.objects.exclude(kind=RegionCloud.Kind.LOCAL)
        .select_related("region")
        .annotate(servers=Count("region__servers", filter=theirs))
        .order_by("region__name")
    )
    kept = CloudKey.objects.filter(account=account, removed_at=None).select_related("created_by", "region")
    keys = {key.region_id: key for key in kept}
    return [Place(cloud.region, cloud, keys.get(cloud.region_id), cloud.servers) for cloud in clouds]


def pages_of(viewer: Viewer, group: AnyGroup) -> list[GroupPage]:
    """The page of cloud keys beside the people of an account."""
    if group.pk != viewer.account.pk or not isinstance(group, Account):
        return []
    return [GroupPage("cloud_keys", "Cloud keys", reverse("cloud_key_list", kwargs={"number": group.number}))]


def why_no_key_needed(region: Region) -> str:
    """Why an account needs no key for a region; empty where it does."""
    cloud = RegionCloud.objects.filter(region=region).first()
    if cloud is None:
        return f"{region.name} keeps images only: it needs no cloud key."
    return "" if cloud.needs_key else f"Servers of {region.name} run on the panel's own host: it needs no cloud key."


def is_readable(key: CloudKey) -> bool:
    """Whether the panel can still use it."""
    try:
        secret_of(key)
    except SecretLost:
        return False
    return True


def tried(cloud: RegionCloud, credential_id: str, secret: str) -> "KeyTest":
    """Whether the cloud accepts a key. Never within a transaction: it takes seconds, at most ``TEST_SECONDS``.

    Args:
        cloud: with its region.
    """
    from servers.clouds.openstack import KeyTest, test_key

    access = access_of(cloud, credential_id, secret)
    said = in_time(lambda: test_key(access))
    if said is None:
        return KeyTest(f"The cloud of {cloud.region.name} did not answer within {TEST_SECONDS} seconds. {LATER}")
    return replace(said, problem=for_a_person(said.problem))


def for_a_person(problem: str) -> str:
    """What an OpenStack cloud could not do, for a person who has asked: no worker asks again."""
    from servers.clouds.openstack.problems import AGAIN

    return problem.replace(AGAIN, LATER)


def tried_again(key: CloudKey, cloud: RegionCloud) -> str:
    """Why a key that is kept does not work now; empty when it does."""
    if reason := why_not_for(key, cloud):
        return reason
    try:
        return tried(cloud, key.credential_id, secret_of(key)).problem
    except SecretLost:
        return NOT_READABLE


def in_time(ask: Callable[[], T]) -> T | None:
    """What a cloud says, if it says it in time. Who asks it goes on until the limits of the connection end that."""

    def ask_shortly() -> T:
        with at_most(PAGE_SECONDS):
            return ask()

    executor = ThreadPoolExecutor(max_workers=1)
    try:
        return executor.submit(ask_shortly).result(TEST_SECONDS)
    except TimeoutError:
        return None
    finally:
        executor.shutdown(wait=False)
