"""The ways to sign in, and what `openstack` tells of people, accounts and credentials."""

import pytest
from django.test import Client

from accounts.models import Account
from tests import factories
from tests.api.clients.conftest import OpenTerminal
from tests.api.clients.terminals import Terminal
from tests.people import Cast

NO = "The request you have made requires authentication. (HTTP 401)"


def test_a_token_says_who_and_for_which_account(alice: Terminal, cast: Cast) -> None:
    token = alice.json("token issue")
    assert token["project_id"] == cast.acme.number
    by_token = "unset OS_USERNAME OS_PASSWORD OS_USER_DOMAIN_NAME; export OS_AUTH_TYPE=v3token OS_TOKEN=$(cat token)"
    alice.file("token", token["id"].encode())
    listed = alice.run(f"{by_token}; openstack image list -f json")
    assert (listed.returncode, listed.stdout.strip()) == (0, "[]"), listed.stderr
    alice(f"token revoke {token['id']}")
    ended = alice.run(f"{by_token}; openstack image list")
    assert ended.returncode == 1
    assert "HTTP 401" in ended.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"OS_PASSWORD": "wrong"},
        {"OS_USERNAME": "nobody"},
        {"OS_PROJECT_NAME": "Beta Consumers"},
        {"OS_PROJECT_NAME": "No such account"},
        {"OS_PROJECT_DOMAIN_NAME": "Beta Holdings"},
    ],
    ids="-".join,
)
def test_whatever_is_wrong_the_answer_is_the_same(alice: Terminal, wrong: dict[str, str]) -> None:
    done = alice.run("openstack image list", **wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(NO)


def test_an_account_goes_by_its_name_or_its_number(terminal: OpenTerminal, alice: Terminal, cast: Cast) -> None:
    """In its organization's domain, or in Default; a name that two have is nobody's."""
    assert alice.run("openstack token issue -f value -c project_id", OS_PROJECT_DOMAIN_NAME="Acme Group").stdout == (
        f"{cast.acme.number}\n"
    )
    nameless = terminal(cast.alice, None)
    done = nameless.run("openstack image list", OS_PROJECT_ID=cast.acme.number)
    assert done.returncode == 0, done.stderr
    factories.make_account("Acme Producers", cast.alice)
    assert NO in alice.run("openstack token issue").stderr


def test_accounts_are_listed_to_their_people_only(alice: Terminal, cast: Cast) -> None:
    listed = {row["ID"]: row["Name"] for row in alice.json("project list")}
    own = Account.objects.get(personal_of=cast.alice)
    assert listed == {cast.acme.number: "Acme Producers", own.number: own.title}
    assert alice.json(f"project show {cast.acme.number}")["name"] == "Acme Producers"
    never = alice.refused("project show 1234567890")
    assert "403" in never
    for other in (cast.beta.number, "BetaConsumers"):
        assert alice.refused(f"project show {other}") == never.replace("1234567890", other)


def test_the_catalogue_has_what_there_is(alice: Terminal, panel: str) -> None:
    services = {row["Type"]: row["Endpoints"] for row in alice.json("catalog list")}
    assert set(services) == {"identity", "image"}
    urls = {(point["region"], point["interface"]): point["url"] for point in services["image"]}
    assert {region for region, _ in urls} == {"IAD", "DFW"}
    assert urls["DFW", "public"] == f"{panel}/image/DFW"
    assert alice.json("catalog show image")["type"] == "image"


def test_a_region_has_its_own_images(alice: Terminal, cast: Cast) -> None:
    factories.make_image(cast.acme, cast.alice, name="in-dallas", region=cast.dfw)
    factories.make_image(cast.acme, cast.alice, name="in-ashburn", region=cast.iad)
    for region, name in (("DFW", "in-dallas"), ("IAD", "in-ashburn")):
        assert alice(f"--os-region-name {region} image list -f value -c Name") == name


def test_a_program_signs_in_with_a_credential_of_its_own(alice: Terminal, cast: Cast) -> None:
    """It has the role that was chosen, manages no credentials, and ends with the credential."""
    made = alice.json("application credential create ci --role reader --description 'Looks only'")
    assert (made["Name"], made["Project ID"], made["Unrestricted"]) == ("ci", cast.acme.number, False)
    program = Terminal(
        alice.folder,
        {key: alice.environment[key] for key in ("PATH", "HOME", "LANG", "OS_AUTH_URL")}
        | {"OS_AUTH_TYPE": "v3applicationcredential"}
        | {"OS_APPLICATION_CREDENTIAL_ID": made["ID"], "OS_APPLICATION_CREDENTIAL_SECRET": made["Secret"]},
    )
    factories.make_image(cast.acme, cast.alice)
    assert program("image list -f value -c Name") == "debian-12-golden"
    assert program("token issue -f value -c project_id") == cast.acme.number
    assert "403" in program.refused("image set debian-12-golden --name other")
    assert "403" in program.refused("application credential create more")
    shown = alice.json("application credential show ci")
    assert (shown["ID"], shown["Description"], "Secret" in shown) == (made["ID"], "Looks only", False)
    assert [row["Name"] for row in alice.json("application credential list")] == ["ci"]
    alice("application credential delete ci")
    assert alice.json("application credential list") == []
    assert NO in program.refused("image list")


def test_clouds_yaml_is_enough(alice: Terminal, panel: str, cast: Cast) -> None:
    alice.file(
        "clouds.yaml",
        f"""clouds:
  stockroom:
    auth:
      auth_url: {panel}/identity/v3
      username: alice
      password: {factories.PASSWORD}
      project_id: "{cast.acme.number}"
      user_domain_name: Default
    region_name: IAD
""".encode(),
    )
    bare = {key: alice.environment[key] for key in ("PATH", "HOME", "LANG")}
    terminal = Terminal(alice.folder, bare | {"OS_CLOUD": "stockroom", "OS_CLIENT_CONFIG_FILE": "clouds.yaml"})
    assert terminal("token issue -f value -c project_id") == cast.acme.number


def test_the_address_needs_no_version(alice: Terminal, panel: str, cast: Cast) -> None:
    done = alice.run("openstack token issue -f value -c project_id", OS_AUTH_URL=f"{panel}/identity")
    assert (done.stdout.strip(), done.stderr) == (cast.acme.number, "")


def test_the_file_of_the_page_signs_in(alice: Terminal, panel: str, cast: Cast, client: Client) -> None:
    """``source openrc.sh`` asks for the password, and works for the account of the page."""
    client.force_login(cast.alice)
    page = client.get(f"/a/{cast.acme.number}/api-access/openrc.sh", headers={"host": panel.removeprefix("http://")})
    alice.file("openrc.sh", page.content)
    bare = Terminal(alice.folder, {key: alice.environment[key] for key in ("PATH", "HOME", "LANG")})
    factories.make_image(cast.acme, cast.alice)
    done = bare.run(f"source openrc.sh <<<{factories.PASSWORD}; openstack image list -f value -c Name")
    assert (done.returncode, done.stdout) == (0, "debian-12-golden\n"), done.stderr


def test_the_file_of_the_page_works_for_the_account_that_was_named_before(
    alice: Terminal, panel: str, cast: Cast, client: Client
) -> None:
    """As the walkthroughs of clouds print it."""
    client.force_login(cast.alice)
    own = cast.alice.personal_account
    page = client.get(f"/a/{own.number}/api-access/openrc.sh", headers={"host": panel.removeprefix("http://")})
    alice.file("openrc.sh", page.content)
    bare = Terminal(alice.folder, {key: alice.environment[key] for key in ("PATH", "HOME", "LANG")})
    sign_in = f"source openrc.sh <<<{factories.PASSWORD}; openstack token issue -f value -c project_id"
    for name, found in (("", own.number), ('export OS_PROJECT_NAME="Acme Producers";', cast.acme.number)):
        done = bare.run(f"{name} {sign_in}")
        assert (done.returncode, done.stdout) == (0, f"{found}\n"), done.stderr
