"""Asking for a larger quota, and what staff say to it."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.actions import close, make_reviewer
from accounts.errors import Conflict
from accounts.models import Event, Notification, User
from accounts.roles import Role
from images import actions
from images.letters import quota_staff
from images.models import Quota, QuotaRequest
from images.permissions import may_set_quotas
from images.quotas import Counted, limits_of
from tests.factories import join, make_person, viewer
from tests.people import Cast

pytestmark = pytest.mark.django_db

TIB = 1024**4
WANTED = {Counted.BYTES: 2 * TIB, Counted.IMAGES: 2000}


@pytest.fixture(autouse=True)
def quota(settings: Settings) -> dict[str, int | None]:
    limits: dict[str, int | None] = {"bytes": TIB, "images": 1000, "uploads": 20, "imports": 5}
    settings.QUOTA = limits
    return limits


@pytest.fixture
def keeper(cast: Cast) -> User:
    """Staff who may change quotas, and nothing else."""
    keeper = make_person("keeper", is_staff=True)
    keeper.user_permissions.add(Permission.objects.get(codename="change_quota"))
    return User.objects.get(pk=keeper.pk)


@pytest.fixture
def asked(cast: Cast) -> QuotaRequest:
    """Alice has asked for twice as much."""
    return actions.request_quota(by=cast.producer, wanted=WANTED, reason="The autumn release.")


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("subject", flat=True))


def events(cast: Cast) -> list[tuple[str, str]]:
    found = Event.objects.of("account", cast.acme.number).filter(verb__contains="quota").order_by("pk")
    return [(event.verb, event.actor_login) for event in found]


class TestAsking:
    def test_staff_are_told_what_and_why(self, cast: Cast, keeper: User, asked: QuotaRequest) -> None:
        for person in (keeper, cast.root):
            letter = Notification.objects.get(user=person)
            assert letter.subject == "Acme Producers asks for a larger quota"
            assert "asks for 2 TiB of image data and 2,000 images for the account Acme Producers" in letter.body
            assert "It has 0 bytes of 1 TiB and 0 of 1,000 images now." in letter.body
            assert letter.path == reverse("admin:images_quotarequest_change", args=[asked.pk])
        assert events(cast) == [("quota requested", "alice")]

    def test_reviewers_and_former_staff_are_not_told(self, cast: Cast, keeper: User) -> None:
        make_reviewer(cast.sam)
        User.objects.filter(pk=keeper.pk).update(is_staff=False)
        User.objects.filter(pk=cast.root.pk).update(is_active=False)
        actions.request_quota(by=cast.producer, wanted=WANTED, reason="More.")
        assert not Notification.objects.filter(subject__contains="quota").exists()

    def test_those_who_are_told_are_those_who_may(self, cast: Cast, keeper: User) -> None:
        make_reviewer(cast.sam)
        assert set(quota_staff()) == {person for person in User.objects.all() if may_set_quotas(person)}
        assert set(quota_staff()) == {keeper, cast.root}

    def test_only_an_admin_asks(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can ask"):
            actions.request_quota(by=cast.creator, wanted=WANTED, reason="More.")

    def test_one_request_at_a_time(self, cast: Cast, asked: QuotaRequest) -> None:
        with pytest.raises(Conflict, match="have not answered the last request"):
            actions.request_quota(by=cast.producer, wanted=WANTED, reason="Again.")

    def test_where_there_is_no_limit_nobody_asks(self, cast: Cast, quota: dict[str, int | None]) -> None:
        quota.update(bytes=None, images=None)
        with pytest.raises(Conflict, match="Nothing limits"):
            actions.request_quota(by=cast.producer, wanted=WANTED, reason="More.")

    def test_who_asks_and_withdraws_does_not_fill_mailboxes(self, cast: Cast, asked: QuotaRequest) -> None:
        actions.withdraw_quota_request(asked.pk, by=cast.producer)
        actions.request_quota(by=cast.producer, wanted=WANTED, reason="More.")
        assert len(told(cast.root)) == 1
        assert QuotaRequest.objects.waiting().count() == 1


class TestWithdrawing:
    def test_any_admin_withdraws(self, cast: Cast, asked: QuotaRequest) -> None:
        second = make_person("frank")
        join(second, cast.acme, Role.ADMIN)
        withdrawn = actions.withdraw_quota_request(asked.pk, by=viewer(second, cast.acme))
        assert (withdrawn.status, withdrawn.decided_by) == ("withdrawn", second)
        assert events(cast)[-1] == ("quota request withdrawn", "frank")

    def test_nobody_else_does(self, cast: Cast, asked: QuotaRequest) -> None:
        with pytest.raises(PermissionDenied):
            actions.withdraw_quota_request(asked.pk, by=cast.creator)
        with pytest.raises(Http404):
            actions.withdraw_quota_request(asked.pk, by=cast.consumer)

    def test_what_is_answered_cannot_be_withdrawn(self, cast: Cast, asked: QuotaRequest) -> None:
        actions.refuse_quota_request(asked.pk, by=cast.root, answer="No.")
        with pytest.raises(Conflict, match="no longer open: refused"):
            actions.withdraw_quota_request(asked.pk, by=cast.producer)

    def test_closing_the_account_withdraws(self, cast: Cast, asked: QuotaRequest) -> None:
        close(cast.acme, by=cast.producer)
        asked.refresh_from_db()
        assert asked.status == "withdrawn"
        with pytest.raises(Conflict):
            actions.grant_quota_request(asked.pk, by=cast.root)


class TestAnswering:
    def test_granting_sets_the_quota_and_tells_the_admins(self, cast: Cast, keeper: User, asked: QuotaRequest) -> None:
        granted = actions.grant_quota_request(asked.pk, by=keeper)
        assert (granted.status, granted.decided_by) == ("granted", keeper)
        assert limits_of(cast.acme) == {"bytes": 2 * TIB, "images": 2000, "uploads": 20, "imports": 5}
        assert told(cast.alice) == ["Acme Producers has a larger quota"]
        letter = Notification.objects.get(user=cast.alice)
        assert "may now have 2 TiB of image data and 2,000 images." in letter.body
        assert letter.path == f"/a/{cast.acme.number}/account/#quota"
        assert told(cast.carol) == []
        assert events(cast)[-1] == ("quota request granted", "keeper")

    def test_granting_never_takes_away(self, cast: Cast, asked: QuotaRequest) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: 3 * TIB, Counted.UPLOADS: 1}, note="Friends")
        actions.grant_quota_request(asked.pk, by=cast.root)
        quota = Quota.objects.get(account=cast.acme)
        assert (quota.bytes, quota.images, quota.uploads, quota.imports) == (3 * TIB, 2000, 1, None)
        assert quota.note == "Friends"

    def test_granting_changes_nothing_but_what_was_asked_for(self, cast: Cast) -> None:
        asked = actions.request_quota(by=cast.producer, wanted={Counted.IMAGES: 1001}, reason="One more.")
        actions.grant_quota_request(asked.pk, by=cast.root)
        quota = Quota.objects.get(account=cast.acme)
        assert (quota.bytes, quota.images) == (None, 1001)
        event = Event.objects.get(verb="quota request granted")
        assert event.detail == {"old": "1,000 images", "new": "1,001 images"}

    def test_granting_what_there_is_meanwhile_changes_nothing(self, cast: Cast, asked: QuotaRequest) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits=WANTED)
        actions.grant_quota_request(asked.pk, by=cast.root)
        assert Event.objects.get(verb="quota request granted").detail == {}

    def test_refusing_changes_nothing_and_tells_why(self, cast: Cast, asked: QuotaRequest) -> None:
        actions.refuse_quota_request(asked.pk, by=cast.root, answer="Delete the nightly builds first.")
        assert limits_of(cast.acme)[Counted.BYTES] == TIB
        letter = Notification.objects.get(user=cast.alice)
        assert letter.body.endswith("Their answer:\n\nDelete the nightly builds first.")
        assert events(cast)[-1] == ("quota request refused", "root")

    def test_only_staff_who_may_change_quotas_answer(self, cast: Cast, asked: QuotaRequest) -> None:
        make_reviewer(cast.sam)
        for person in (cast.alice, cast.sam):
            with pytest.raises(PermissionDenied, match="Only staff"):
                actions.grant_quota_request(asked.pk, by=person)
            with pytest.raises(PermissionDenied, match="Only staff"):
                actions.refuse_quota_request(asked.pk, by=person, answer="No.")
            with pytest.raises(PermissionDenied, match="Only staff"):
                actions.set_quota(cast.acme, by=person, limits={})

    def test_what_was_never_asked_is_not_found(self, cast: Cast) -> None:
        with pytest.raises(Http404):
            actions.grant_quota_request(4711, by=cast.root)


class TestSetting:
    def test_a_change_is_an_event_of_the_account(self, cast: Cast) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: 2 * TIB})
        event = Event.objects.get(verb="quota changed")
        assert event.account == cast.acme
        assert event.detail == {"old": "1 TiB of image data", "new": "2 TiB of image data"}

    def test_what_changes_nothing_is_none(self, cast: Cast) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: TIB}, note="The same as everybody.")
        assert not Event.objects.filter(verb="quota changed").exists()
        assert Quota.objects.get().note == "The same as everybody."
