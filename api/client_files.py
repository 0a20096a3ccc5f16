"""The two files by which the openstack command and its libraries find the panel: openrc.sh and clouds.yaml.

Titles and logins in them were chosen by somebody else: in the shell file they stand within single quotes, in the YAML
file within double ones, and in comments without anything that could end a line.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import Account, User
from api.identity.catalogue import open_regions
from api.identity.discovery import address
from api.models import ApplicationCredential

CLOUD = "stockroom"  # what the cloud is called in clouds.yaml
DOMAIN = "Default"  # in which all people are
# Whatever an older file may have left in the shell would be sent along, and refused. OS_PROJECT_NAME is another matter:
# people set it to say for which account they want to work.
FORGET = """\
unset OS_CLOUD OS_TOKEN OS_TRUST_ID OS_SYSTEM_SCOPE OS_DOMAIN_ID OS_DOMAIN_NAME OS_TENANT_ID OS_TENANT_NAME
unset OS_PROJECT_ID OS_PROJECT_DOMAIN_ID OS_PROJECT_DOMAIN_NAME OS_REGION_NAME
unset OS_USER_ID OS_USERNAME OS_PASSWORD OS_USER_DOMAIN_ID OS_USER_DOMAIN_NAME
unset OS_APPLICATION_CREDENTIAL_ID OS_APPLICATION_CREDENTIAL_NAME OS_APPLICATION_CREDENTIAL_SECRET
"""
# In a shell of its own, so that whoever changes their mind (Ctrl-C) sees again what they type.
ASK = """\
printf 'Password of %s for %s: ' "$OS_USERNAME" "$OS_PROJECT_NAME" >&2
OS_PASSWORD=$(
    trap 'stty echo 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM
    stty -echo 2>/dev/null || true
    IFS= read -r typed || true
    printf '%s' "$typed"
)
printf '\\n' >&2
export OS_PASSWORD
"""
YAML_NAMES = {"\\": "\\\\", '"': '\\"'}


@dataclass(frozen=True)
class Way:
    """A way in for programs.

    Attributes:
        auth_url: where Identity is.
        regions: their codes, the usual one first.
        about: who comes in by it and for which account, in a sentence.
        method: as keystoneauth calls it.
        values: what it says of who asks, by the names of clouds.yaml; a password is never among them.
        account: for which it is.
        has_secret: whether whoever reads it can sign in.
    """

    auth_url: str
    regions: Sequence[str]
    about: str
    method: str
    values: Mapping[str, str]
    account: Account
    has_secret: bool


def way_by_credential(request: HttpRequest, credential: ApplicationCredential, secret: str) -> Way:
    """By an application credential, which says by itself for which account it is."""
    values = {"application_credential_id": credential.pk, "application_credential_secret": secret}
    about = f"“{credential.name}” works for {credential.account} as {credential.most.with_article}."
    return _way(request, about, "v3applicationcredential", values, credential.account, has_secret=True)


def way_by_password(request: HttpRequest, user: User, account: Account) -> Way:
    """By a person's own password, for one of their accounts."""
    values = {"username": user.username, "user_domain_name": DOMAIN}
    about = f"{user.username} works for {account}."
    return _way(request, about, "password", values, account, has_secret=False)


def openrc(way: Way) -> str:
    """The file to source in a shell (POSIX sh, bash, zsh). It asks for what it does not hold.

    A name in ``OS_PROJECT_NAME`` that the person has set before is the account to work for, if a password opens it.
    """
    values = {f"OS_{name.upper()}": value for name, value in way.values.items()}
    settings = {"OS_AUTH_TYPE": way.method, "OS_AUTH_URL": way.auth_url, "OS_IDENTITY_API_VERSION": "3"}
    region = {"OS_REGION_NAME": way.regions[0]} if way.regions else {}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in (settings | region | values).items()]
    lines = [*_comment(way, "Use it in a shell: source openrc.sh"), "", FORGET, *exports]
    return "\n".join(lines) + "\n" + (_only(way.account) if way.has_secret else _usually(way.account) + ASK)


def clouds_yaml(way: Way) -> str:
    """The file for ~/.config/openstack, or for the folder in which one works. The command asks for a password."""
    lines = [
        *_comment(way, f"Put it into ~/.config/openstack/, and say: openstack --os-cloud {CLOUD} image list"),
        "clouds:",
        f"  {CLOUD}:",
        f"    auth_type: {way.method}",
        "    auth:",
        f"      auth_url: {yaml_quoted(way.auth_url)}",
        *(f"      {name}: {yaml_quoted(value)}" for name, value in {**way.values, **_project(way)}.items()),
        *(["    regions:"] if way.regions else []),
        *(f"      - {yaml_quoted(code)}" for code in way.regions),
        '    identity_api_version: "3"',
        "    interface: public",
    ]
    return "\n".join(lines) + "\n"


FILES = {"openrc.sh": openrc, "clouds.yaml": clouds_yaml}


def yaml_quoted(text: str) -> str:
    """A text as a double-quoted scalar (YAML 1.2, section 7.3.1): what is not printable is written by its number."""
    return f'"{"".join(_yaml_char(char) for char in text)}"'


def _yaml_char(char: str) -> str:
    return YAML_NAMES.get(char) or (char if char.isprintable() else f"\\U{ord(char):08x}")


def _way(
    request: HttpRequest, about: str, method: str, values: Mapping[str, str], account: Account, *, has_secret: bool
) -> Way:
    return Way(address(request, ""), open_regions(), about, method, values, account, has_secret)


def _is_of(account: Account) -> str:
    """Shell: whether ``OS_PROJECT_NAME`` asks for no other account. What an earlier file left there does not ask."""
    left = '[ "${OS_PROJECT_NAME-}" = "${STOCKROOM_PROJECT_NAME-}" ]'
    return f'[ -z "${{OS_PROJECT_NAME-}}" ] || {left} || [ "$OS_PROJECT_NAME" = {shlex.quote(account.title)} ]'


def _usually(account: Account) -> str:
    """Shell: work for this account unless the person has named another one. By its number: that is nobody else's."""
    title = shlex.quote(account.title)
    return f"""\
# The account is the one that you named in OS_PROJECT_NAME before; without that it is the one of the page.
if {_is_of(account)}; then
    export OS_PROJECT_ID={account.number} OS_PROJECT_NAME={title} STOCKROOM_PROJECT_NAME={title}
else
    export OS_PROJECT_NAME OS_PROJECT_DOMAIN_NAME={DOMAIN}
    unset STOCKROOM_PROJECT_NAME
fi
"""


def _only(account: Account) -> str:
    """Shell: this account it is, and whoever has named another one is told."""
    return f"""\
{_is_of(account)} ||
    printf 'This credential works for %s only, not for %s.\\n' {shlex.quote(account.title)} "$OS_PROJECT_NAME" >&2
unset OS_PROJECT_NAME STOCKROOM_PROJECT_NAME
"""


def _project(way: Way) -> dict[str, str]:
    return {} if way.has_secret else {"project_id": way.account.number, "project_name": way.account.title}


def _comment(way: Way, use: str) -> list[str]:
    about = "".join(char if char.isprintable() else " " for char in way.about)
    secret = (
        ["# It holds a secret: whoever reads it can sign in with it. Keep it to yourself."] if way.has_secret else []
    )
    regions = [f"# Regions: {', '.join(way.regions)}."] if len(way.regions) > 1 else []
    return [f"# Stockroom: {about}", f"# {use}", *secret, *regions]
