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
# Whatever an older file may have left in the shell would be sent along, and refused.
FORGET = """\
unset OS_CLOUD OS_TOKEN OS_TRUST_ID OS_SYSTEM_SCOPE OS_DOMAIN_ID OS_DOMAIN_NAME OS_TENANT_ID OS_TENANT_NAME
unset OS_PROJECT_ID OS_PROJECT_NAME OS_PROJECT_DOMAIN_ID OS_PROJECT_DOMAIN_NAME OS_REGION_NAME
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
        has_secret: whether whoever reads it can sign in.
    """

    auth_url: str
    regions: Sequence[str]
    about: str
    method: str
    values: Mapping[str, str]
    has_secret: bool


def way_by_credential(request: HttpRequest, credential: ApplicationCredential, secret: str) -> Way:
    """By an application credential, which says by itself for which account it is."""
    values = {"application_credential_id": credential.pk, "application_credential_secret": secret}
    about = f"“{credential.name}” works for {credential.account} as {credential.most.with_article}."
    return _way(request, about, "v3applicationcredential", values, has_secret=True)


def way_by_password(request: HttpRequest, user: User, account: Account) -> Way:
    """By a person's own password, for one of their accounts."""
    values = {
        "username": user.username,
        "user_domain_name": DOMAIN,
        "project_id": account.number,
        "project_name": account.title,
    }
    about = f"{user.username} works for {account}."
    return _way(request, about, "password", values, has_secret=False)


def openrc(way: Way) -> str:
    """The file to source in a shell (POSIX sh, bash, zsh). It asks for what it does not hold."""
    values = {f"OS_{name.upper()}": value for name, value in way.values.items()}
    settings = {"OS_AUTH_TYPE": way.method, "OS_AUTH_URL": way.auth_url, "OS_IDENTITY_API_VERSION": "3"}
    region = {"OS_REGION_NAME": way.regions[0]} if way.regions else {}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in (settings | region | values).items()]
    lines = [*_comment(way, "Use it in a shell: source openrc.sh"), "", FORGET, *exports]
    return "\n".join(lines) + "\n" + ("" if way.has_secret else ASK)


def clouds_yaml(way: Way) -> str:
    """The file for ~/.config/openstack, or for the folder in which one works. The command asks for a password."""
    lines = [
        *_comment(way, f"Put it into ~/.config/openstack/, and say: openstack --os-cloud {CLOUD} image list"),
        "clouds:",
        f"  {CLOUD}:",
        f"    auth_type: {way.method}",
        "    auth:",
        f"      auth_url: {yaml_quoted(way.auth_url)}",
        *(f"      {name}: {yaml_quoted(value)}" for name, value in way.values.items()),
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


def _way(request: HttpRequest, about: str, method: str, values: Mapping[str, str], *, has_secret: bool) -> Way:
    return Way(address(request, ""), open_regions(), about, method, values, has_secret)


def _comment(way: Way, use: str) -> list[str]:
    about = "".join(char if char.isprintable() else " " for char in way.about)
    secret = (
        ["# It holds a secret: whoever reads it can sign in with it. Keep it to yourself."] if way.has_secret else []
    )
    regions = [f"# Regions: {', '.join(way.regions)}."] if len(way.regions) > 1 else []
    return [f"# Stockroom: {about}", f"# {use}", *secret, *regions]
