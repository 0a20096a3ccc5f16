"""The demo: everything in it, made once, and only where nobody else can reach it."""

from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import override_settings
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from accounts.models import Event, Notification, User
from images import sandbox
from images.models import ContentCheck, DataHold, Image, QuotaRequest, Upload
from images.quotas import Counted, levels_of
from images.sandbox import ProgramMissing
from images.stores import get_store
from sharing.demo.people import NAMES, PASSWORD
from sharing.models import Share
from tests.kept import Kept


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the image data of the demo lies. No test changes it."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def kept_demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker, store: Path) -> Kept[str]:
    """The demo as rows: loading it takes seconds."""
    with django_db_blocker.unblock(), override_settings(DEMO=True, IMAGE_STORE_DIR=store):
        return Kept.of(lambda: call_command("load_demo"))


@pytest.fixture
def demo(kept_demo: Kept[str], db: None, store: Path, settings: Settings) -> None:
    settings.DEMO, settings.IMAGE_STORE_DIR = True, store
    kept_demo.put_back()


def test_everybody_can_sign_in_and_is_marked(demo: None) -> None:
    for login in NAMES:
        assert authenticate(username=login, password=PASSWORD), login
    assert set(User.objects.filter(is_demo=True).values_list("username", flat=True)) == set(NAMES)


def test_shares_are_in_every_state_to_every_kind_of_recipient(demo: None) -> None:
    shares = Share.objects.all()
    assert {share.state for share in shares} == {"pending", "accepted", "rejected", "expired"}
    assert {share.kind for share in shares} >= {"number", "login", "email", "team", "organization"}


def test_images_are_of_every_visibility_and_in_both_regions_with_their_bytes(demo: None) -> None:
    images = Image.objects.select_related("data")
    assert {image.visibility for image in images} == {"private", "shared", "community", "public"}
    assert {image.region_id for image in images} == {"IAD", "DFW"}
    assert all(get_store().size(image.data.store_key) == image.data.size for image in images)


def test_it_is_believable(demo: None) -> None:
    """Nothing is decided before it was offered, and nobody is written to about what is long past."""
    assert not Share.objects.filter(decided_at__lt=F("offered_at")).exists()
    assert not Share.objects.filter(offered_at__lt=F("image__created_at")).exists()
    assert Event.objects.earliest("at").verb == "signed up"
    assert Notification.objects.exists()
    assert not Notification.objects.filter(mailed_at=None).exists()


def test_some_things_are_on_their_way(demo: None) -> None:
    sent, fetched = Upload.objects.order_by("origin", "created_at").reverse()
    assert (sent.origin, sent.status, sent.offset * 100 // (sent.size or 1)) == ("upload", "waiting", 37)
    assert (fetched.origin, fetched.fetch.next_at) == ("import", None)
    assert fetched.problem.startswith("No server can be reached there.")


def test_what_lies_in_an_image_was_really_looked_at(demo: None) -> None:
    check = ContentCheck.objects.get()
    assert check.status == "done"
    assert {each["kind"] for each in check.findings["findings"]} == {"machine_id", "history", "authorized_keys"}
    assert Share.objects.filter(image__data=check.data, status="pending").exists()
    assert not Share.objects.filter(image__data=check.data, offered_at__lt=check.finished_at).exists()


def test_an_image_was_really_converted(demo: None) -> None:
    made = Image.objects.select_related("parent", "data").get(source="conversion")
    assert made.parent is not None
    assert (made.parent.data.disk_format, made.data.disk_format) == ("raw", "qcow2")


def test_what_a_machine_lacks_is_left_out(
    db: None, image_store: object, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_arguments: object, **_options: object) -> None:
        raise ProgramMissing("This system cannot lock programs in.")

    settings.DEMO = True
    monkeypatch.setattr(sandbox, "run", missing)
    call_command("load_demo")
    assert not ContentCheck.objects.exists()
    assert not Image.objects.filter(source="conversion").exists()
    assert not Upload.objects.filter(origin="conversion").exists()
    assert not DataHold.objects.exists()


def test_acme_has_asked_for_more(demo: None) -> None:
    asked = QuotaRequest.objects.waiting().get()
    level = levels_of(asked.account)[Counted.IMAGES]
    assert (asked.images, level.limit) == (100, 20)
    assert 0 < level.used < 20


def test_loading_it_again_changes_nothing(demo: None) -> None:
    before = (User.objects.count(), Image.objects.count(), Event.objects.count())
    call_command("load_demo")
    assert (User.objects.count(), Image.objects.count(), Event.objects.count()) == before


def test_a_real_panel_gets_no_people_whose_password_everybody_knows(db: None, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="not a demo panel"):
        call_command("load_demo")
    assert not User.objects.exists()
