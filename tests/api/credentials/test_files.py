"""openrc.sh and clouds.yaml: read by real shells and a real YAML reader, whatever people call themselves."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from allauth.mfa.models import Authenticator
from django.test import RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from accounts.roles import Role
from api.actions import make_credential, revoke_credential
from api.client_files import clouds_yaml, openrc, way_by_credential, way_by_password
from images.models import Region
from tests import factories
from tests.factories import signed_in
from tests.people import Cast

HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "'\"'\"'$(touch pwned)'\"'\"'",
    "a\\' ; touch pwned #",
    "${IFS}touch${IFS}pwned",
    "!touch pwned",
    "%s %n %d",
    "{a: b}, [c] # d",
    "key: value",
    "--- !!python/object/apply:os.system ['touch pwned']",
    "&anchor *alias",
    "日本 🗝 naïve",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "\ufeffmark \ufffe \u00a0 \u200b",
    "null",
    "1234",
    "x" * 120,
    "two\nlines; touch pwned\r\n\u2028touch pwned\u0085touch pwned",  # no form lets it in
]
SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]
PRINTED = ("OS_AUTH_TYPE", "OS_AUTH_URL", "OS_PROJECT_ID", "OS_PROJECT_NAME", "OS_USERNAME", "OS_PASSWORD")
STALE = {"OS_CLOUD": "other", "OS_PROJECT_ID": "1", "OS_TOKEN": "t", "OS_APPLICATION_CREDENTIAL_NAME": "n"}
SCOPE = ("OS_PROJECT_ID", "OS_PROJECT_NAME", "OS_PROJECT_DOMAIN_NAME")


@dataclass(frozen=True)
class Sourced:
    """What a shell has after it has read files, and what it was told."""

    values: dict[str, str]
    told: str


def source(
    shell: str, files: Sequence[str], folder: Path, names: tuple[str, ...], *, typed: str = "", **variables: str
) -> Sourced:
    """Have a shell read files one after the other; nothing else may happen."""
    for number, text in enumerate(files):
        (folder / f"{number}.sh").write_text(text)
    read = "".join(f". ./{number}.sh;" for number in range(len(files)))
    show = "".join(f"printf '%s\\0' \"${{{name}-unset}}\";" for name in names)
    ran = subprocess.run(
        [shell, "-c", f"set -eu; {read} {show}"],
        input=typed.encode(),
        capture_output=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | STALE | variables,
        check=True,
        timeout=10,
    )
    for number in range(len(files)):
        (folder / f"{number}.sh").unlink()
    assert not list(folder.iterdir())
    return Sourced(dict(zip(names, ran.stdout.decode().split("\0"), strict=False)), ran.stderr.decode())


def sourced(shell: str, text: str, folder: Path, names: tuple[str, ...], typed: str = "") -> dict[str, str]:
    """What a shell has after it has read a file."""
    return source(shell, [text], folder, names, typed=typed).values


def values_of(text: str) -> Mapping[str, Any]:
    """The one cloud of a clouds.yaml."""
    cloud: Mapping[str, Any] = yaml.safe_load(text)["clouds"]["stockroom"]
    return cloud


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("title", HOSTILE)
def test_a_shell_gets_names_as_they_are(cast: Cast, rf: RequestFactory, tmp_path: Path, shell: str, title: str) -> None:
    cast.acme.title = title
    text = openrc(way_by_password(rf.get("/"), cast.alice, cast.acme))
    assert sourced(shell, text, tmp_path, PRINTED, 'it\'s \\ "secret" \n') == {
        "OS_AUTH_TYPE": "password",
        "OS_AUTH_URL": "http://testserver/identity/v3",
        "OS_PROJECT_ID": cast.acme.number,
        "OS_PROJECT_NAME": title,
        "OS_USERNAME": "alice",
        "OS_PASSWORD": 'it\'s \\ "secret" ',
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_that_was_set_before_is_the_account(cast: Cast, rf: RequestFactory, tmp_path: Path, shell: str) -> None:
    """As the walkthroughs of clouds print it: export OS_PROJECT_NAME=…, and then source openrc.sh."""
    text = openrc(way_by_password(rf.get("/"), cast.alice, cast.acme))
    for name in ("Beta Consumers", *HOSTILE):
        done = source(shell, [text, text], tmp_path, SCOPE, OS_PROJECT_NAME=name)
        assert done.values == dict(zip(SCOPE, ("unset", name, "Default"), strict=True))  # a second time as well
        assert done.told == f"Password of alice for {name}: \n" * 2


@pytest.mark.parametrize("shell", SHELLS)
def test_what_an_earlier_file_left_is_no_choice(cast: Cast, rf: RequestFactory, tmp_path: Path, shell: str) -> None:
    """Neither is the name of the file's own account: then its number goes along, which is nobody else's."""
    other = openrc(way_by_password(rf.get("/"), cast.bob, cast.beta))
    for title in ("esac", "!", "(", "-n", *HOSTILE):
        cast.acme.title = title
        first = openrc(way_by_password(rf.get("/"), cast.alice, cast.acme))
        assert source(shell, [first], tmp_path, SCOPE, OS_PROJECT_NAME=title).values == scope_of(cast.acme)
        assert source(shell, [other, first], tmp_path, SCOPE).values == scope_of(cast.acme)
        assert source(shell, [first, other], tmp_path, SCOPE).values == scope_of(cast.beta)


def scope_of(account: Account) -> dict[str, str]:
    """What a file sets for the account of its page."""
    return dict(zip(SCOPE, (account.number, account.title, "unset"), strict=True))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_credential_says_for_which_account_it_does_not_work(
    cast: Cast, rf: RequestFactory, tmp_path: Path, shell: str
) -> None:
    by_password = openrc(way_by_password(rf.get("/"), cast.alice, cast.beta))
    credential, secret = make_credential(by=cast.producer, name="ci", role=Role.CREATOR)
    for title in ("Acme Producers", "(", *HOSTILE):
        credential.account.title = title
        text = openrc(way_by_credential(rf.get("/"), credential, secret))
        told = source(shell, [text], tmp_path, SCOPE, OS_PROJECT_NAME="Beta; \\n %s")
        assert told.told == f"This credential works for {title} only, not for Beta; \\n %s.\n"
        same = source(shell, [text, text], tmp_path, SCOPE, OS_PROJECT_NAME=title)
        after = source(shell, [by_password, text], tmp_path, SCOPE)
        assert (same.told, after.told) == ("", "Password of alice for Beta Consumers: \n")
        assert told.values == same.values == after.values == dict.fromkeys(SCOPE, "unset")


@pytest.mark.parametrize("title", HOSTILE)
def test_yaml_gets_names_as_they_are(cast: Cast, rf: RequestFactory, title: str) -> None:
    cast.acme.title = title
    cloud = values_of(clouds_yaml(way_by_password(rf.get("/"), cast.alice, cast.acme)))
    assert cloud["auth"] == {
        "auth_url": "http://testserver/identity/v3",
        "username": "alice",
        "user_domain_name": "Default",
        "project_id": cast.acme.number,
        "project_name": title,
    }


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_a_credential_is_told_by_id_and_forgets_what_was_there(
    cast: Cast, rf: RequestFactory, tmp_path: Path, name: str
) -> None:
    credential, secret = make_credential(by=cast.producer, name=name, role=Role.CREATOR)
    way = way_by_credential(rf.get("/"), credential, secret)
    names = ("OS_AUTH_TYPE", "OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_SECRET", *STALE)
    found = sourced("sh", openrc(way), tmp_path, names)
    assert found == {
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_APPLICATION_CREDENTIAL_ID": credential.pk,
        "OS_APPLICATION_CREDENTIAL_SECRET": secret,
    } | dict.fromkeys(STALE, "unset")
    cloud = values_of(clouds_yaml(way))
    assert cloud["auth_type"] == "v3applicationcredential"
    assert cloud["auth"]["application_credential_secret"] == secret


def test_the_usual_region_comes_first_and_closed_ones_are_left_out(cast: Cast, rf: RequestFactory) -> None:
    Region.objects.create(code="AAA", name="A")
    factories.make_region("ZZZ", closed_at=cast.acme.created_at)
    way = way_by_password(rf.get("/"), cast.alice, cast.acme)
    assert "export OS_REGION_NAME=IAD\n" in openrc(way)
    assert values_of(clouds_yaml(way))["regions"] == ["IAD", "AAA", "DFW"]


def test_a_panel_without_regions_names_none(db: None, rf: RequestFactory) -> None:
    alice = factories.make_person("alice")
    way = way_by_password(rf.get("/"), alice, alice.personal_account)
    assert "OS_REGION_NAME=" not in openrc(way)
    assert "regions" not in values_of(clouds_yaml(way))


class TestAddresses:
    def file(self, name: str, account: Account, *more: str) -> str:
        return reverse(name, args=[account.number, *more])

    @pytest.mark.parametrize(("name", "file"), [("access_openrc", "openrc.sh"), ("access_clouds", "clouds.yaml")])
    def test_for_a_password_which_is_not_in_it(self, cast: Cast, name: str, file: str) -> None:
        answer = signed_in(cast.carol).get(self.file(name, cast.acme))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{file}"'
        assert "no-store" in answer.headers["Cache-Control"]
        assert "carol" in answer.content.decode()
        assert "secret" not in answer.content.decode()

    @pytest.mark.parametrize("name", ["access_openrc", "access_clouds"])
    def test_with_a_second_factor_there_is_none(self, cast: Cast, name: str) -> None:
        Authenticator.objects.create(user=cast.carol, type=Authenticator.Type.TOTP, data={})
        answer = signed_in(cast.carol).get(self.file(name, cast.acme))
        assert answer.status_code == 409
        assert "second factor" in answer.content.decode()

    @pytest.mark.parametrize("name", ["credential_openrc", "credential_clouds"])
    def test_for_a_secret_that_is_given_back(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, name: str
    ) -> None:
        credential, secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        client, path = signed_in(cast.carol), self.file(name, cast.acme, credential.pk)
        client.get(self.file("credential_list", cast.acme))
        with django_assert_num_queries(5):  # session, person, memberships; the credential, the regions
            answer = client.post(path, {"secret": secret})
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "no-store" in answer.headers["Cache-Control"]
        assert secret in answer.content.decode()
        assert secret not in path
        assert client.get(path, {"secret": secret}).status_code == 405

    def test_for_nothing_else(self, cast: Cast) -> None:
        credential, secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        here = self.file("credential_openrc", cast.acme, credential.pk)
        carol, alice = signed_in(cast.carol), signed_in(cast.alice)
        elsewhere = self.file("credential_openrc", cast.carol.personal_account, credential.pk)
        unknown = self.file("credential_openrc", cast.acme, "0" * 32)
        asked = [
            carol.post(here),
            carol.post(here, {"secret": secret[:-1]}),
            carol.post(here, {"secret": "nul\0"}),
            carol.post(unknown, {"secret": secret}),
            carol.post(elsewhere, {"secret": secret}),
            alice.post(here, {"secret": secret}),
        ]
        assert [answer.status_code for answer in asked] == [404] * len(asked)
        revoke_credential(credential.pk, by=cast.creator)
        assert carol.post(here, {"secret": secret}).status_code == 404
