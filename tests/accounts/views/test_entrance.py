"""The ways into the panel."""

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from accounts.models import User
from accounts.setup import new_code
from tests.accounts.conftest import Browse
from tests.people import Cast


def test_the_sign_of_life_is_public(client: Client, db: None) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


def test_without_a_database_it_says_so(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", fail)
        assert client.get("/healthz").status_code == 503


def test_home_is_the_last_account(cast: Cast, browse: Browse) -> None:
    alice = browse(cast.alice)
    assert cast.acme.number in alice.get("/").headers["Location"], "at first, where she has colleagues"
    alice.get(reverse("account_detail", kwargs={"number": cast.alice.personal_account.number}))
    assert cast.alice.personal_account.number in alice.get("/").headers["Location"]


def test_an_account_that_one_has_lost_is_forgotten(cast: Cast, browse: Browse) -> None:
    carol = browse(cast.carol)
    carol.get(reverse("account_detail", kwargs={"number": cast.acme.number}))
    cast.carol.memberships.filter(group=cast.acme.pk).delete()
    assert cast.carol.personal_account.number in carol.get("/").headers["Location"]


def fill(client: Client, **changed: str) -> object:
    data = {"code": new_code(), "login": "root", "email": "root@example.org", "password": "correct-horse-battery"}
    return client.post(reverse("setup"), data | changed)


def test_the_first_administrator_is_made_and_signed_in(client: Client, db: None) -> None:
    fill(client)
    assert User.objects.get(is_superuser=True).username == "root"
    assert client.get("/me/").status_code == 200


@pytest.mark.parametrize(("field", "value", "words"), [
    ("code", "wrong", "not the code of now"),
    ("login", "4root", "starting with a letter"),
    ("email", "root", "valid email address"),
    ("password", "root", "too short"),
])  # fmt: skip
def test_what_is_wrong_stands_at_the_field(client: Client, db: None, field: str, value: str, words: str) -> None:
    response = fill(client, **{field: value})
    assertContains(response, words)  # type: ignore[arg-type]
    assert not User.objects.exists()


def test_setup_is_closed_once_somebody_administers(client: Client, cast: Cast) -> None:
    assertRedirects(client.get(reverse("setup")), reverse("account_login"))
    assertRedirects(fill(client, login="second"), reverse("account_login"))  # type: ignore[arg-type]
    assert not User.objects.filter(username="second").exists()


def test_an_address_for_forms_alone_says_so(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    response = client.get(reverse("notification_read_all"))
    assertContains(response, "Go back and press the button again.", status_code=405)
    assert response.headers["Allow"] == "POST"
