"""Booting servers: where consent becomes use, and every reason why it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.encryption import decrypt
from accounts.errors import Conflict
from accounts.models import Event
from accounts.viewer import Viewer
from images.actions import deactivate
from images.models import DataHold, Image, ImageGroupObjectPermission
from servers.actions import NewServer, SentAlready, create_server, create_servers, delete_server
from servers.clouds.local import LocalCloud
from servers.models import Flavor, RegionCloud, Server, SshKey
from servers.secrets import USER_DATA
from sharing.actions import reject, remove, set_policy
from sharing.models import Share
from tests.factories import make_image
from tests.people import Cast
from tests.servers.creating.conftest import make_flavor

pytestmark = pytest.mark.django_db

Boot = Callable[..., Server]


@pytest.fixture
def boot(golden: Image, tiny: Flavor, consumer: Viewer) -> Boot:
    """Bob boots Acme's image for Beta."""

    def boot(by: Viewer = consumer, **fields: Any) -> Server:
        given: dict[str, Any] = {"name": "web", "image": golden.pk, "flavor": tiny.pk} | fields
        return create_server(NewServer(**given), by=by)

    return boot


def nothing_is_left() -> bool:
    return not Server.objects.exists() and not DataHold.objects.filter(holder__startswith="server:").exists()


def test_an_accepted_image_boots(boot: Boot, accepted: Share, golden: Image, tiny: Flavor) -> None:
    server = boot()
    assert server.data == golden.data
    assert list(server.shares.all()) == [accepted]
    assert (server.vcpus, server.ram, server.price) == (tiny.vcpus, tiny.ram, Decimal("0.01"))
    assert DataHold.objects.filter(data=golden.data, holder=server.holder).exists()


def test_both_sides_read_that_it_was_booted(boot: Boot, accepted: Share, cast: Cast) -> None:
    boot()
    accounts = Event.objects.filter(verb="booted").values_list("account__title", flat=True)
    assert set(accounts) == {"Acme Producers", "Beta Consumers"}


def test_a_worker_is_asked_once_it_is_certain(
    boot: Boot, accepted: Share, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    waiting = OrmQ.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        boot()
        assert OrmQ.objects.count() == waiting
    assert OrmQ.objects.count() == waiting + 1


def test_ten_at_once_are_numbered(accepted: Share, golden: Image, tiny: Flavor, consumer: Viewer) -> None:
    new = NewServer(name="web", image=golden.pk, flavor=tiny.pk)
    servers = create_servers(new, by=consumer, count=10)
    assert [server.name for server in servers] == [f"web-{number}" for number in range(1, 11)]
    assert DataHold.objects.filter(data=golden.data, holder__startswith="server:").count() == len(servers)


def test_all_or_none_of_them(accepted: Share, golden: Image, tiny: Flavor, consumer: Viewer) -> None:
    new = NewServer(name="x" * 254, image=golden.pk, flavor=tiny.pk)
    with pytest.raises(ValidationError) as refused:
        create_servers(new, by=consumer, count=10)
    assert "name" in refused.value.message_dict
    assert nothing_is_left()


def test_a_form_that_is_sent_twice_makes_its_servers_once(
    accepted: Share, golden: Image, tiny: Flavor, consumer: Viewer, cast: Cast
) -> None:
    new = NewServer(name="web", image=golden.pk, flavor=tiny.pk, request="the form")
    first = create_servers(new, by=consumer, count=2)
    remove(golden.pk, accepted.pk, by=cast.producer)
    assert create_servers(new, by=consumer, count=2) == first
    assert Server.objects.count() == len(first)


@pytest.mark.parametrize(
    ("changed", "count"),
    [
        ({"name": "db"}, 2),
        ({}, 1),
        ({}, 3),
        ({"network": True}, 2),
        ({"ports": [80]}, 2),
        ({"user_data": "#cloud-config"}, 2),
    ],
    ids=["name", "fewer", "more", "network", "ports", "user data"],
)
def test_a_form_that_asks_for_something_else_the_second_time_is_told_so(
    accepted: Share, golden: Image, tiny: Flavor, consumer: Viewer, changed: dict[str, Any], count: int
) -> None:
    new = NewServer(name="web", image=golden.pk, flavor=tiny.pk, request="the form")
    create_servers(new, by=consumer, count=2)
    with pytest.raises(SentAlready, match="Send it again to make others too"):
        create_servers(replace(new, **changed), by=consumer, count=count)


def test_a_form_whose_server_was_deleted_shows_no_dead_one(boot: Boot, accepted: Share, consumer: Viewer) -> None:
    delete_server(boot(request="the form").pk, by=consumer)
    with pytest.raises(SentAlready):
        boot(request="the form")


def test_the_same_request_of_another_account_is_another(boot: Boot, accepted: Share, producer: Viewer) -> None:
    assert boot(request="1") != boot(by=producer, request="1")


def test_user_data_is_encrypted(boot: Boot, accepted: Share) -> None:
    server = boot(user_data="#cloud-config")
    assert "cloud-config" not in server.encrypted_user_data
    assert decrypt(server.encrypted_user_data, purpose=USER_DATA) == "#cloud-config"


def test_keys_of_the_person_go_into_it(boot: Boot, accepted: Share, cast: Cast) -> None:
    key = SshKey.objects.create(user=cast.bob, name="laptop", public_key="ssh-ed25519 AAAA", fingerprint="SHA256:a")
    assert boot(ssh_keys=[key.pk]).ssh_keys == ["ssh-ed25519 AAAA"]


def test_a_key_of_somebody_else_does_not(boot: Boot, accepted: Share, cast: Cast) -> None:
    key = SshKey.objects.create(user=cast.rhea, name="laptop", public_key="ssh-ed25519 AAAA", fingerprint="SHA256:a")
    with pytest.raises(PermissionDenied, match="Only own SSH keys"):
        boot(ssh_keys=[key.pk])
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "two\nlines"}),
        ("user_data", {"user_data": "é" * (LocalCloud.abilities.user_data // 2 + 1)}),
        ("user_data", {"user_data": "a\0b"}),
        ("ports", {"ports": [70000]}),
        ("flavor", {"flavor": 0}),
    ],
)
def test_wrong_input_is_said_at_its_field(boot: Boot, accepted: Share, field: str, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        boot(**given)
    assert list(refused.value.message_dict) == [field]
    assert nothing_is_left()


@pytest.mark.parametrize("count", [0, 51])
def test_there_is_a_most_at_once(accepted: Share, golden: Image, tiny: Flavor, consumer: Viewer, count: int) -> None:
    with pytest.raises(ValidationError):
        create_servers(NewServer(name="web", image=golden.pk, flavor=tiny.pk), by=consumer, count=count)


def test_an_observer_boots_nothing(boot: Boot, accepted: Share, cast: Cast) -> None:
    with pytest.raises(PermissionDenied, match="Only a creator or an admin"):
        boot(by=cast.observer)


def test_a_pending_offer_does_not_boot(boot: Boot, pending: Share) -> None:
    with pytest.raises(PermissionDenied, match="Accept the offer first"):
        boot()
    assert nothing_is_left()


def test_a_rejected_one_does_not(boot: Boot, pending: Share, consumer: Viewer) -> None:
    reject(pending.pk, by=consumer)
    with pytest.raises(Http404):
        boot()


def test_a_removed_one_does_not(boot: Boot, accepted: Share, golden: Image, producer: Viewer) -> None:
    remove(golden.pk, accepted.pk, by=producer)
    with pytest.raises(Http404):
        boot()


def test_one_whose_time_is_over_does_not(boot: Boot, accepted: Share, golden: Image) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Share.objects.filter(pk=accepted.pk).update(access_until=past)
    ImageGroupObjectPermission.objects.filter(content_object=golden).update(access_until=past)
    with pytest.raises(Http404):
        boot()


def test_somebody_elses_image_is_not_there(boot: Boot, cast: Cast) -> None:
    with pytest.raises(Http404):
        boot()
    with pytest.raises(Http404):
        boot(image=uuid4())


def test_a_deactivated_one_does_not_boot(boot: Boot, accepted: Share, golden: Image, producer: Viewer) -> None:
    deactivate(golden.pk, by=producer)
    with pytest.raises(PermissionDenied, match="deactivated"):
        boot()


def test_an_obsolete_one_does_not(boot: Boot, accepted: Share, golden: Image, producer: Viewer) -> None:
    past = timezone.now() - timedelta(seconds=1)
    fields = {"deprecated_at": past, "obsolete_at": past, "end_announced_at": past, "end_announced_by": producer.user}
    Image.objects.filter(pk=golden.pk).update(**fields)
    with pytest.raises(PermissionDenied, match="obsolete"):
        boot()


def test_damaged_data_do_not(boot: Boot, accepted: Share, golden: Image) -> None:
    golden.data.damaged_at, golden.data.damage = timezone.now(), "Two bytes differ."
    golden.data.save()
    with pytest.raises(Conflict):
        boot()


def test_a_policy_that_is_enforced_refuses(boot: Boot, accepted: Share, cast: Cast) -> None:
    set_policy(cast.beta, by=cast.consumer, mode="enforced", only_trusted=True)
    with pytest.raises(PermissionDenied, match="trusts"):
        boot()
    assert nothing_is_left()


def test_a_policy_that_only_writes_down_does_not(boot: Boot, accepted: Share, cast: Cast) -> None:
    set_policy(cast.beta, by=cast.consumer, mode="audit", only_trusted=True)
    boot()
    assert Event.objects.filter(verb="would have been refused").exists()


def test_a_region_that_keeps_images_only_boots_none(
    boot: Boot, accepted: Share, cloud: RegionCloud, golden: Image
) -> None:
    cloud.delete()
    with pytest.raises(ValidationError, match="keeps images only"):
        boot()


def test_a_closed_region_boots_none(boot: Boot, accepted: Share, cloud: RegionCloud) -> None:
    cloud.closed_at = timezone.now()
    cloud.save()
    with pytest.raises(ValidationError, match="closed for new servers"):
        boot()


def test_a_region_without_a_key_boots_none(boot: Boot, accepted: Share, cloud: RegionCloud) -> None:
    cloud.kind, cloud.auth_url = "openstack", "https://cloud.example/v3"
    cloud.save()
    with pytest.raises(ValidationError, match="no cloud key"):
        boot()


@pytest.mark.parametrize("fields", [{"closed_at": timezone.now()}, {"region": "dfw"}])
def test_a_size_that_is_not_there_is_none(boot: Boot, accepted: Share, cast: Cast, fields: dict[str, object]) -> None:
    if "region" in fields:
        fields = {"region": cast.dfw}
    other = make_flavor(cast, "other", **fields)
    with pytest.raises(ValidationError, match="Choose a size"):
        boot(flavor=other.pk)


@pytest.mark.parametrize("needs", [{"min_ram": 65}, {"min_disk": 2}])
def test_a_size_that_is_too_small_is_refused(boot: Boot, accepted: Share, golden: Image, needs: dict[str, int]) -> None:
    Image.objects.filter(pk=golden.pk).update(**needs)
    with pytest.raises(ValidationError, match="The image needs"):
        boot()


def test_another_architecture_does_not_boot(boot: Boot, cast: Cast) -> None:
    image = make_image(cast.beta, cast.bob, architecture="s390x")
    with pytest.raises(ValidationError, match="s390x"):
        boot(image=image.pk)
