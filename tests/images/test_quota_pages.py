"""The quota on the account page, asking for more, and the administration."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import Settings

from accounts.models import User
from images import actions
from images.demo_disks import bootable_raw
from images.models import Quota, QuotaRequest, Upload
from images.quotas import Counted
from tests.factories import make_image, make_person
from tests.people import Cast

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
TIB = 1024**4
FORM = {"bytes": "2 TiB", "images": "2000", "reason": "The autumn release."}


@pytest.fixture(autouse=True)
def quota(settings: Settings) -> dict[str, int | None]:
    limits: dict[str, int | None] = {"bytes": TIB, "images": 10, "uploads": 20, "imports": 5}
    settings.QUOTA = limits
    return limits


@pytest.fixture
def browse() -> Browse:
    """The browser of a person who is signed in: ``browse(cast.alice)``."""

    def browse(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
        return client

    return browse


@pytest.fixture
def asked(cast: Cast) -> QuotaRequest:
    """Alice has asked for twice as much."""
    wanted = {Counted.BYTES: 2 * TIB, Counted.IMAGES: 2000}
    return actions.request_quota(by=cast.producer, wanted=wanted, reason="The autumn release.")


def page(cast: Cast, name: str = "account_detail", **more: Any) -> str:
    return reverse(name, kwargs={"number": cast.acme.number} | more)


class TestAccountPage:
    def test_it_shows_how_much_there_is_of_everything(self, cast: Cast, browse: Browse) -> None:
        make_image(cast.acme, cast.alice)
        answer = browse(cast.alice).get(page(cast))
        for text in ("4 KiB of 1 TiB", "1 of 10", "0 of 20", "0 of 5"):
            assertContains(answer, f'aria-valuetext="{text}"')
        assertContains(answer, page(cast, "quota_request"))
        assertNotContains(answer, "Nearly full")

    def test_it_warns_in_words(self, cast: Cast, browse: Browse, quota: dict[str, int]) -> None:
        for _ in range(4):
            make_image(cast.acme, cast.alice)
        quota["images"] = 5
        assertContains(browse(cast.alice).get(page(cast)), "Nearly full")
        quota["images"] = 4
        assertContains(browse(cast.alice).get(page(cast)), "Full</span>")

    def test_without_a_limit_there_is_no_bar(self, cast: Cast, browse: Browse, quota: dict[str, int | None]) -> None:
        quota.update(dict.fromkeys(Counted))
        answer = browse(cast.alice).get(page(cast))
        assertContains(answer, "0 bytes, without a limit")
        assertContains(answer, "Nothing limits the images of this account.")
        assertNotContains(answer, "<meter")

    def test_who_may_not_ask_reads_why(self, cast: Cast, browse: Browse) -> None:
        answer = browse(cast.carol).get(page(cast))
        assertContains(answer, "Only an admin of Acme Producers can ask for a larger quota.")
        assertNotContains(answer, page(cast, "quota_request"))

    def test_an_open_request_is_shown_and_withdrawn(self, cast: Cast, browse: Browse, asked: QuotaRequest) -> None:
        alice = browse(cast.alice)
        answer = alice.get(page(cast))
        assertContains(answer, "Waiting for staff")
        assertContains(answer, "Alice Archer asked for 2 TiB of image data and 2,000 images")
        assertContains(answer, "Staff have not answered the last request.")
        answer = alice.post(page(cast, "quota_withdraw", pk=asked.pk), follow=True)
        assertContains(answer, "The request is withdrawn.")
        assertNotContains(answer, "Waiting for staff")

    def test_who_may_not_withdraw_reads_why(self, cast: Cast, browse: Browse, asked: QuotaRequest) -> None:
        answer = browse(cast.carol).get(page(cast))
        assertContains(answer, 'aria-describedby="withdraw-reason"')
        assertNotContains(answer, page(cast, "quota_withdraw", pk=asked.pk))

    def test_the_answer_of_staff_is_shown(self, cast: Cast, browse: Browse, asked: QuotaRequest) -> None:
        actions.refuse_quota_request(asked.pk, by=cast.root, answer="Delete the nightly builds first.")
        answer = browse(cast.carol).get(page(cast))
        assertContains(answer, "Refused")
        assertContains(answer, "Delete the nightly builds first.")

    @pytest.mark.database
    def test_the_queries_do_not_grow(
        self, cast: Cast, browse: Browse, asked: QuotaRequest, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        alice = browse(cast.alice)
        alice.get(page(cast))
        with django_assert_num_queries(13):
            alice.get(page(cast))
        for _ in range(5):
            make_image(cast.acme, cast.alice)
            actions.start_upload(by=cast.creator, filename="disk.img", size=100)
        with django_assert_num_queries(13):
            alice.get(page(cast))


class TestAsking:
    def test_the_form_says_what_there_is(self, cast: Cast, browse: Browse) -> None:
        answer = browse(cast.alice).get(page(cast, "quota_request"))
        assertContains(answer, "has 0 bytes of 1 TiB and 0 of 10 images")

    def test_a_request_is_made(self, cast: Cast, browse: Browse) -> None:
        answer = browse(cast.alice).post(page(cast, "quota_request"), FORM)
        assertRedirects(answer, f"{page(cast)}#quota", fetch_redirect_response=False)
        asked = QuotaRequest.objects.get()
        assert (asked.bytes, asked.images, asked.reason) == (2 * TIB, 2000, "The autumn release.")

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"bytes": "lots"}, "Enter a number with its unit, like 500 GiB or 2 TiB."),
            ({"bytes": "9000 PiB"}, "That is more than there can be."),
            ({"bytes": "1 TiB"}, "The account may have 1 TiB already. Enter more, or nothing."),
            ({"images": "10"}, "The account may have 10 already. Enter more, or nothing."),
            ({"bytes": "", "images": ""}, "Say how much image data, or how many images, the account should have."),
            ({"reason": ""}, "Say what you need it for, so that staff can decide."),
        ],
    )
    def test_what_is_wrong_stands_at_the_field(
        self, cast: Cast, browse: Browse, changed: dict[str, str], words: str
    ) -> None:
        answer = browse(cast.alice).post(page(cast, "quota_request"), FORM | changed)
        assertContains(answer, words, status_code=422)
        assert not QuotaRequest.objects.exists()

    def test_what_has_no_limit_is_not_asked_for(self, cast: Cast, browse: Browse, quota: dict[str, int | None]) -> None:
        quota["bytes"] = None
        alice = browse(cast.alice)
        assertNotContains(alice.get(page(cast, "quota_request")), 'name="bytes"')
        alice.post(page(cast, "quota_request"), FORM)
        assert QuotaRequest.objects.get().bytes is None

    def test_a_second_request_is_refused(self, cast: Cast, browse: Browse, asked: QuotaRequest) -> None:
        answer = browse(cast.alice).get(page(cast, "quota_request"))
        assertContains(answer, "Staff have not answered the last request.", status_code=409)


class TestUploadPage:
    def test_the_script_is_told_why(self, cast: Cast, browse: Browse, quota: dict[str, int]) -> None:
        quota["uploads"] = 0
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "100"}
        answer = browse(cast.carol).post(page(cast, "upload_collection"), headers=headers, content_type="")
        assert (answer.status_code, answer.json()["code"]) == (403, "quota-exceeded")
        assert answer.json()["error"].startswith("Acme Producers has 0 of 0 unfinished uploads.")

    def test_the_form_is_told_why(self, cast: Cast, browse: Browse, quota: dict[str, int]) -> None:
        disk = bootable_raw("Hello")
        upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(disk))
        actions.receive_upload(upload.pk, by=cast.creator, chunks=[disk])
        quota["images"] = 0
        form = {"upload": upload.pk, "name": "new", "region": "IAD", "visibility": "private"}
        answer = browse(cast.carol).post(page(cast, "image_upload"), form)
        assertContains(answer, "<li>Acme Producers has 0 of 0 images.", status_code=422)
        assert Upload.objects.get(pk=upload.pk).data


class TestAdministration:
    @pytest.fixture
    def keeper(self, cast: Cast, browse: Browse) -> Client:
        """Staff who may change quotas, and nothing else."""
        keeper = make_person("keeper", is_staff=True)
        keeper.user_permissions.add(Permission.objects.get(codename="change_quota"))
        return browse(keeper)

    def of_quota(self, name: str, *args: Any) -> str:
        return reverse(f"admin:images_quota_{name}", args=args)

    def of_request(self, name: str = "changelist", *args: Any) -> str:
        return reverse(f"admin:images_quotarequest_{name}", args=args)

    def test_a_quota_is_set(self, cast: Cast, keeper: Client) -> None:
        form = {"account": cast.acme.pk, "bytes": "2 TiB", "images": "", "uploads": "", "imports": "0", "note": "Pays."}
        assertRedirects(keeper.post(self.of_quota("add"), form), self.of_quota("changelist"))
        quota = Quota.objects.get(account=cast.acme)
        assert (quota.bytes, quota.images, quota.imports, quota.note) == (2 * TIB, None, 0, "Pays.")
        assertContains(keeper.get(self.of_quota("changelist"), {"q": "acme"}), "2 TiB")

    def test_a_quota_is_changed(self, cast: Cast, keeper: Client) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: 1536 * 1024**3})
        address = self.of_quota("change", cast.acme.pk)
        answer = keeper.get(address)
        assertContains(answer, 'value="1536 GiB"')
        assertContains(answer, "Image data: 0 bytes of 1.5 TiB")
        keeper.post(address, {"bytes": "", "images": "7", "uploads": "", "imports": "", "note": ""})
        assert Quota.objects.values_list("bytes", "images").get() == (None, 7)

    def test_a_quota_is_not_deleted(self, cast: Cast, keeper: Client) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: TIB})
        assert keeper.post(self.of_quota("delete", cast.acme.pk), {"post": "yes"}).status_code == 403

    def test_what_is_no_size_is_told(self, cast: Cast, keeper: Client) -> None:
        assertContains(keeper.post(self.of_quota("add"), {"account": cast.acme.pk, "bytes": "1"}), "with its unit")

    def test_open_requests_are_found_and_looked_at(self, keeper: Client, asked: QuotaRequest) -> None:
        answer = keeper.get(self.of_request(), {"status__exact": "open", "q": "acme"})
        assertContains(answer, "2 TiB of image data and 2,000 images")
        answer = keeper.get(self.of_request("change", asked.pk))
        assertContains(answer, "The autumn release.")
        assertContains(answer, 'value="grant"')

    def test_a_request_is_granted(self, cast: Cast, keeper: Client, asked: QuotaRequest) -> None:
        answer = keeper.post(self.of_request(), {"action": "grant", "_selected_action": [asked.pk]}, follow=True)
        assertContains(answer, "The request of Acme Producers is granted; its admins are told.")
        assert Quota.objects.get(account=cast.acme).images == 2000
        assertNotContains(keeper.get(self.of_request("change", asked.pk)), 'value="grant"')

    def test_a_request_is_refused_with_an_answer(self, keeper: Client, asked: QuotaRequest) -> None:
        form = {"action": "refuse", "_selected_action": [asked.pk]}
        answer = keeper.post(self.of_request(), form)
        assertContains(answer, "asks for 2 TiB of image data and 2,000 images")
        assertNotContains(answer, "errorlist")
        assertContains(keeper.post(self.of_request(), form | {"answer": " "}), "Say why")
        answer = keeper.post(self.of_request(), form | {"answer": "Not now."}, follow=True)
        assertContains(answer, "The request of Acme Producers is refused; its admins are told.")
        asked.refresh_from_db()
        assert (asked.status, asked.answer) == ("refused", "Not now.")

    def test_what_is_answered_is_not_answered_again(self, cast: Cast, keeper: Client, asked: QuotaRequest) -> None:
        actions.grant_quota_request(asked.pk, by=cast.root)
        form = {"action": "refuse", "_selected_action": [asked.pk]}
        assertContains(keeper.post(self.of_request(), form), "None of these quota requests waits any more.")
        answer = keeper.post(self.of_request(), form | {"answer": "No."}, follow=True)
        assertContains(answer, "This request is no longer open: granted.")

    def test_nobody_writes_a_request_by_hand(self, keeper: Client, asked: QuotaRequest) -> None:
        assert keeper.get(self.of_request("add")).status_code == 403
        assert keeper.post(self.of_request("change", asked.pk), {"status": "granted"}).status_code == 403

    def test_other_staff_see_nothing_of_it(self, cast: Cast, browse: Browse, asked: QuotaRequest) -> None:
        sam = browse(cast.sam)
        for address in (self.of_quota("changelist"), self.of_quota("add"), self.of_request()):
            assert sam.get(address).status_code == 403
