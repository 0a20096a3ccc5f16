"""Cloud keys: tried before they are kept, never shown again, and never in the way of servers that are there."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.errors import Conflict
from accounts.models import Account, Event, User
from images.models import Image
from servers import keys
from servers.actions import attend_to_server, delete_server, forget_cloud_keys, remove_cloud_key, save_cloud_key
from servers.clouds import openstack
from servers.clouds.base import KeyNeeded
from servers.clouds.finding import cloud_of
from servers.clouds.openstack import Access, KeyTest
from servers.models import CloudKey, Flavor, RegionCloud, Server, SshKey
from servers.secrets import secret_of
from tests.factories import make_image, make_region
from tests.people import Cast
from tests.servers.conftest import boot, fresh, make_flavor, running
from tests.servers.keys import ED25519, SECRET, make_cloud_key, make_place, make_ssh_key
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db

Says = Callable[[KeyTest], list[Access]]
FORM = {"credential_id": "c0ffee", "secret": "a new secret"}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """What the cloud says of every key; the result fills with what it was asked."""

    def says(test: KeyTest) -> list[Access]:
        asked: list[Access] = []

        def test_key(access: Access) -> KeyTest:
            asked.append(access)
            return test

        monkeypatch.setattr(openstack, "test_key", test_key)
        return asked

    return says


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page(account: Account, name: str = "edit") -> str:
    where = {} if name == "list" else {"region": "ORD"}
    return reverse(f"cloud_key_{name}", kwargs={"number": account.number} | where)


@pytest.fixture
def there(cast: Cast, cloud: MemoryCloud) -> Server:
    """A server of Acme in that cloud, by the key that Acme has for it."""
    key = make_cloud_key(cast.producer)
    make_flavor(key.region)
    return running(boot(cast.producer, make_image(cast.acme, cast.alice, region=key.region)))


class TestKeeping:
    def test_a_key_that_works_is_kept_encrypted_and_goes_nowhere_else(
        self, cast: Cast, says: Says, caplog: pytest.LogCaptureFixture
    ) -> None:
        make_place()
        [asked] = [says(KeyTest("", "p1"))]
        caplog.set_level(logging.DEBUG)
        browser = client_of(cast.alice)
        answer = browser.post(page(cast.acme), FORM, follow=True)
        assertContains(answer, "The cloud key for Chicago works, and is kept.")
        key = CloudKey.objects.get()
        assert (key.project_id, secret_of(key), key.created_by) == ("p1", "a new secret", cast.alice)
        assert (asked[0].auth_url, asked[0].secret) == ("http://127.0.0.1:1/v3", "a new secret")
        event = Event.objects.get(verb="cloud key added")
        for text in (
            answer.content.decode(),
            browser.get(page(cast.acme)).content.decode(),
            key.encrypted_secret,
            str(key),
            str(event.detail),
            caplog.text,
            repr(asked[0]),
        ):
            assert "a new secret" not in text

    def test_one_that_does_not_work_is_not_kept_and_the_page_says_why(self, cast: Cast, says: Says) -> None:
        make_place()
        says(KeyTest("Chicago does not accept the cloud key."))
        answer = client_of(cast.alice).post(page(cast.acme), FORM)
        assertContains(answer, "Chicago does not accept the cloud key.", status_code=422)
        assertContains(answer, "c0ffee", status_code=422)
        assertNotContains(answer, "a new secret", status_code=422)
        assert not CloudKey.objects.exists()

    def test_nobody_waits_for_a_cloud_that_does_not_answer(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        make_place()
        monkeypatch.setattr(keys, "TEST_SECONDS", 0.05)
        monkeypatch.setattr(openstack, "test_key", lambda _access: time.sleep(0.3))
        answer = client_of(cast.alice).post(page(cast.acme), FORM)
        assertContains(answer, "did not answer within", status_code=422)

    def test_a_replaced_key_takes_the_place_of_the_other(self, cast: Cast, says: Says) -> None:
        make_cloud_key(cast.producer)
        says(KeyTest("", "p2"))
        client_of(cast.alice).post(page(cast.acme), FORM)
        key = CloudKey.objects.get()
        assert (key.project_id, secret_of(key)) == ("p2", "a new secret")
        assert Event.objects.filter(verb="cloud key replaced").exists()

    @pytest.mark.parametrize("moved", ["address", "endpoint"])
    def test_goes_nowhere_where_staff_send_it_later(self, cast: Cast, says: Says, moved: str) -> None:
        key, asked = make_cloud_key(cast.producer), says(KeyTest("", "p1"))
        said: dict[str, Any] = {"auth_url": "https://else.example/v3"}
        if moved == "endpoint":
            said = {"endpoints": ["http://127.0.0.1:1/image", "https://else.example/image"]}
        RegionCloud.objects.filter(region=key.region).update(**said)
        with pytest.raises(KeyNeeded, match="Staff have added"):
            cloud_of(key.region, cast.acme)
        browser = client_of(cast.alice)
        browser.post(page(cast.acme, "test"))
        assert not asked, "Not even when it is tried."
        assertContains(browser.get(page(cast.acme, "list")), "Staff have added https://else.example to this cloud")
        assertContains(browser.get(page(cast.acme)), '<span class="mono text-break">https://else.example</span>')
        browser.post(page(cast.acme), FORM)
        assert cloud_of(key.region, cast.acme).abilities.gives_data

    def test_goes_nowhere_that_was_not_on_the_page(self, cast: Cast, says: Says) -> None:
        make_place()
        asked = says(KeyTest("", "p1"))
        browser = client_of(cast.alice)
        assertContains(browser.get(page(cast.acme)), 'name="hosts" value="http://127.0.0.1:1"')
        RegionCloud.objects.update(auth_url="https://else.example/v3")
        answer = browser.post(page(cast.acme), FORM | {"hosts": "http://127.0.0.1:1"})
        assertContains(answer, "Staff have just changed where this key goes.", status_code=422)
        assert not asked
        assert not CloudKey.objects.exists()

    def test_a_key_of_another_project_would_lose_the_servers(self, cast: Cast, says: Says, there: Server) -> None:
        says(KeyTest("", "p2"))
        answer = client_of(cast.alice).post(page(cast.acme), FORM)
        assertContains(
            answer, "belongs to the project p2, and the servers and images that you have there to p1", status_code=422
        )
        remove_cloud_key(there.region, by=cast.producer)
        assertContains(client_of(cast.alice).post(page(cast.acme), FORM), "to p1", status_code=422)
        says(KeyTest("", "p1"))
        assert client_of(cast.alice).post(page(cast.acme), FORM).status_code == 302

    def test_a_region_that_needs_none_takes_none(self, cast: Cast) -> None:
        given = {"credential_id": "c", "secret": "s", "project_id": "p"}
        with pytest.raises(Conflict, match="keeps images only"):
            save_cloud_key(cast.dfw, by=cast.producer, **given)
        make_flavor(cast.iad)
        with pytest.raises(Conflict, match="the panel's own host"):
            save_cloud_key(cast.iad, by=cast.producer, **given)

    def test_only_admins_manage_keys(self, cast: Cast) -> None:
        region = make_cloud_key(cast.producer).region
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can manage its cloud keys"):
            remove_cloud_key(region, by=cast.creator)

    def test_the_constraints_of_the_form_hold_in_the_action(self, cast: Cast) -> None:
        region = make_place().region
        with pytest.raises(ValidationError):
            save_cloud_key(region, by=cast.producer, credential_id="x" * 300, secret="s", project_id="p")


class TestAgain:
    def test_a_kept_key_is_tried_again(self, cast: Cast, says: Says) -> None:
        make_cloud_key(cast.producer, tested_at=timezone.now() - timedelta(days=9))
        says(KeyTest("It has expired.", "p1"))
        answer = client_of(cast.alice).post(page(cast.acme, "test"), follow=True)
        assertContains(answer, "It has expired.")
        assertContains(answer, "Does not work")
        says(KeyTest("", "p1"))
        answer = client_of(cast.alice).post(page(cast.acme, "test"), follow=True)
        assertContains(answer, "The cloud key for Chicago works.")
        assert CloudKey.objects.get().problem == ""

    def test_one_that_cannot_be_read_any_more_says_so(
        self, cast: Cast, says: Says, settings: pytest.FixtureRequest
    ) -> None:
        make_cloud_key(cast.producer)
        CloudKey.objects.update(encrypted_secret="gAAAAABm")
        browser = client_of(cast.alice)
        assertContains(browser.get(page(cast.acme, "list")), keys.NOT_READABLE)
        assertContains(browser.post(page(cast.acme, "test"), follow=True), keys.NOT_READABLE)


class TestRemoving:
    def test_the_secret_is_erased_and_the_row_stays(self, cast: Cast) -> None:
        make_cloud_key(cast.producer)
        browser = client_of(cast.alice)
        assertContains(browser.get(page(cast.acme, "remove")), "No server of Acme Producers is there.")
        assertContains(browser.post(page(cast.acme, "remove"), follow=True), "is removed")
        key = CloudKey.objects.get()
        assert (key.encrypted_secret, key.removed_by) == ("", cast.alice)
        assert browser.post(page(cast.acme, "remove")).status_code == 404

    def test_what_becomes_of_servers_is_told(self, cast: Cast, there: Server) -> None:
        answer = client_of(cast.alice).get(page(cast.acme, "remove"))
        assertContains(answer, "1 server of Acme Producers is there.")
        assertContains(answer, "cannot be stopped, started or deleted here")

    def test_a_closed_account_keeps_it_until_its_servers_are_gone(self, cast: Cast, there: Server) -> None:
        delete_server(there.pk, by=cast.producer)
        Account.objects.filter(pk=cast.acme.pk).update(closed_at=timezone.now(), closed_by=cast.alice)
        assert forget_cloud_keys() == 0
        attend_to_server(there.pk)
        assert fresh(there).gone_at
        assert forget_cloud_keys() == 1
        assert CloudKey.objects.get().encrypted_secret == ""
        assert Event.objects.get(verb="cloud key forgotten").actor is None


class TestPages:
    def test_the_list_teaches_where_no_region_needs_a_key(self, cast: Cast) -> None:
        assertContains(client_of(cast.alice).get(page(cast.acme, "list")), "No region needs a cloud key")

    def test_others_see_which_regions_have_one_and_why_they_cannot_change_it(self, cast: Cast) -> None:
        make_cloud_key(cast.producer)
        answer = client_of(cast.carol).get(page(cast.acme, "list"))
        assertContains(answer, "Only an admin of Acme Producers can manage its cloud keys.")
        assertNotContains(answer, SECRET)

    def test_the_list_asks_no_more_with_more_regions(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        key = make_cloud_key(cast.producer)
        browser, address = client_of(cast.alice), page(cast.acme, "list")
        browser.get(address)
        with django_assert_num_queries(8):
            browser.get(address)
        another = make_region("HKG")
        RegionCloud.objects.create(region=another, kind="openstack", auth_url="http://127.0.0.1:1/v3")
        CloudKey.objects.create(
            account=cast.acme, region=another, encrypted_secret=key.encrypted_secret, created_by=cast.alice
        )
        with django_assert_num_queries(8):
            browser.get(address)

    def test_create_server_says_which_key_is_missing_and_leads_there_and_back(self, cast: Cast, says: Says) -> None:
        make_flavor(make_place().region)
        create = reverse("server_create", kwargs={"number": cast.acme.number})
        answer = client_of(cast.alice).get(create, {"region": "ORD"})
        assertContains(answer, "Acme Producers has no cloud key for Chicago.")
        assertContains(answer, f"{page(cast.acme)}?next=")
        says(KeyTest("", "p1"))
        there = f"{create}?region=ORD"
        assertRedirects(
            client_of(cast.alice).post(page(cast.acme), FORM | {"next": there}), there, fetch_redirect_response=False
        )
        CloudKey.objects.all().delete()
        refused = client_of(cast.carol).get(create, {"region": "ORD"})
        assertContains(refused, "Only an admin of Acme Producers can manage its cloud keys.")


class TestPastedOnTheWay:
    @pytest.fixture
    def form(self, cast: Cast, cloud: MemoryCloud, small: Flavor, golden: Image) -> dict[str, str]:
        return {"image": str(golden.pk), "flavor": str(small.pk), "name": "web", "count": "1", "request": "once"}

    def post(self, cast: Cast, form: dict[str, str]) -> int:
        create = reverse("server_create", kwargs={"number": cast.acme.number})
        return client_of(cast.alice).post(create, form).status_code

    def test_a_key_is_kept_and_goes_into_the_server_once(self, cast: Cast, form: dict[str, str]) -> None:
        for _ in range(2):
            assert self.post(cast, form | {"new_ssh_key": f"{ED25519} alice@laptop"}) == 302
        assert SshKey.objects.get().name == "alice@laptop"
        assert Server.objects.get().ssh_keys == [f"{ED25519} alice@laptop"]

    def test_one_that_is_there_already_is_the_same(self, cast: Cast, form: dict[str, str]) -> None:
        key = make_ssh_key(cast.alice)
        self.post(cast, form | {"new_ssh_key": ED25519, "ssh_keys": str(key.pk)})
        assert Server.objects.get().ssh_keys == [ED25519]

    def test_where_nothing_boots_nothing_is_kept(self, cast: Cast, form: dict[str, str]) -> None:
        assert self.post(cast, form | {"new_ssh_key": ED25519, "flavor": "0"}) == 422
        assert self.post(cast, form | {"new_ssh_key": "ssh-dss AAAA"}) == 422
        assert not SshKey.objects.exists()
        assert not Server.objects.exists()
