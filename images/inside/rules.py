"""Which files had better not be shared: by their path, and where that is not enough by what is in them.

Paths are without a leading slash. What is in a file is looked at here and goes nowhere.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

MOST_BYTES = 64 * 1024  # that are read of one file
KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|PuTTY-User-Key-File-")
PASSWORD_WORDS = rb"password|passwd|hashed_passwd|plain_text_passwd|rootpw"
PASSWORD_LINE = re.compile(
    rb"^[\s-]*[\"']?(?:" + PASSWORD_WORDS + rb")[\"']?[ \t]*[:=\s][ \t]*[^\s#]|^[ \t]*chpasswd[ \t]*:|--password=",
    re.IGNORECASE | re.MULTILINE,
)
HASHES = re.compile(rb"^([^:\n]*):([^:\n]*):", re.MULTILINE)


def always(_content: bytes) -> int:
    """The path says it all."""
    return 1


def has(pattern: "re.Pattern[bytes] | bytes") -> Callable[[bytes], int]:
    """Whether something is in the file."""
    found = re.compile(pattern, re.IGNORECASE | re.MULTILINE) if isinstance(pattern, bytes) else pattern
    return lambda content: int(bool(found.search(content)))


def setup_secrets(content: bytes) -> int:
    """Whether a set-up file gives a password or a key away."""
    return int(bool(PASSWORD_LINE.search(content) or KEY.search(content)))


def public_keys(content: bytes) -> int:
    """Whether a list of authorized keys has a line that is no comment."""
    lines = (line.strip() for line in content.splitlines())
    return int(any(line and not line.startswith(b"#") for line in lines))


def machine_id(content: bytes) -> int:
    """Whether a machine id is set."""
    return int(content.strip() not in (b"", b"uninitialized"))


def hashed(content: bytes) -> int:
    """How many logins of a shadow file have a password: "!" and "*" lock one."""
    return sum(1 for _login, value in HASHES.findall(content) if value and value[:1] not in b"!*" and value != b"x")


def empty(content: bytes) -> int:
    """How many logins of a shadow file need no password."""
    return sum(1 for login, value in HASHES.findall(content) if login and not value)


@dataclass(frozen=True, slots=True)
class Rule:
    """A file whose path matches is a finding as often as ``count`` says of its first bytes."""

    kind: str
    path: str
    count: Callable[[bytes], int] = always

    @property
    def needs_content(self) -> bool:
        """Whether the file has to be opened."""
        return self.count is not always


HOME = r"(?:.*/)?"  # homes are anywhere: /root, /home/…, C:\Users\…
RULES: tuple[Rule, ...] = (
    Rule("ssh_key", HOME + r"\.ssh/(?!.*\.pub$)[^/]+", has(KEY)),
    Rule("host_key", r"etc/(?:ssh|dropbear)/(?:ssh_host_[^/]*_key|dropbear_[^/]*_host_key)"),
    Rule("authorized_keys", HOME + r"(?:\.ssh/authorized_keys2?|administrators_authorized_keys)", public_keys),
    Rule("private_key", r"(?!usr/share/|usr/lib/.*/tests?/)(?!.*\.ssh/).*\.(?:pem|key|ppk)", has(KEY)),
    Rule("cloud_credential", HOME + r"\.aws/credentials", has(rb"aws_secret_access_key")),
    Rule(
        "cloud_credential",
        HOME + r"\.config/gcloud/(?:credentials\.db|access_tokens\.db|application_default_credentials\.json)",
    ),
    Rule("cloud_credential", HOME + r"\.azure/(?:accessTokens\.json|msal_token_cache\.[^/]+)"),
    Rule(
        "cloud_credential",
        HOME + r"[^/]*openrc[^/]*",
        has(rb"OS_(?:PASSWORD|TOKEN|APPLICATION_CREDENTIAL_SECRET)\s*=\s*[^\s$]"),
    ),
    Rule(
        "cloud_credential",
        HOME + r"(?:clouds|secure)\.ya?ml",
        has(rb"^\s*(?:password|application_credential_secret|token)\s*:"),
    ),
    Rule(
        "cloud_credential",
        HOME + r"(?:\.kube/config|etc/kubernetes/[^/]+\.conf)",
        has(rb"client-key-data|token:|password:"),
    ),
    Rule("cloud_credential", HOME + r"(?:\.vault-token|\.terraform\.d/credentials\.tfrc\.json)"),
    Rule("stored_password", HOME + r"[._]netrc", has(rb"\bpassword\s+\S")),
    Rule("stored_password", HOME + r"(?:\.git-credentials|\.pgpass)"),
    Rule("stored_password", HOME + r"(?:\.my\.cnf|\.pypirc)", has(rb"^\s*password\s*[:=]\s*\S")),
    Rule("stored_password", HOME + r"\.docker/config\.json", has(rb'"auth"\s*:\s*"[^"]')),
    Rule("stored_password", HOME + r"\.npmrc", has(rb"_(?:authToken|password|auth)\s*=\s*[^\s$]")),
    Rule(
        "stored_password",
        r"etc/(?:NetworkManager/system-connections|wpa_supplicant)/[^/]+",
        has(rb"^\s*(?:psk|password)\s*="),
    ),
    Rule(
        "setup_password",
        r"var/lib/cloud/(?:instances|seed)/.*(?:user-data|vendor-data|cloud-config)[^/]*",
        setup_secrets,
    ),
    Rule("setup_password", r"etc/cloud/cloud\.cfg(?:\.d/[^/]+)?", setup_secrets),
    Rule("setup_password", r"root/(?:anaconda|original)-ks\.cfg|(?:.*/)?preseed\.cfg", setup_secrets),
    Rule("setup_password", r"(?:.*/)?(?:auto)?unattend\.xml", has(rb"<(?:Administrator)?Password>")),
    Rule("setup_password", r"(?:user-data|meta-data)", setup_secrets),
    Rule("password_hash", r"etc/(?:shadow|master\.passwd)", hashed),
    Rule("empty_password", r"etc/(?:shadow|master\.passwd)", empty),
    Rule("machine_id", r"etc/machine-id|var/lib/dbus/machine-id", machine_id),
    Rule("random_seed", r"var/lib/systemd/random-seed"),
    Rule("history", HOME + r"\.(?:bash|zsh|ash|sh|ksh|mysql|psql|python|sqlite|node_repl|rediscli)_history"),
    Rule("history", HOME + r"(?:\.history|\.local/share/fish/fish_history|ConsoleHost_history\.txt)"),
    Rule("log", r"var/log/.+"),
)
COMPILED = tuple((rule, re.compile(rule.path, re.IGNORECASE | re.DOTALL)) for rule in RULES)
ANY = re.compile("|".join(f"(?:{rule.path})" for rule in RULES), re.IGNORECASE | re.DOTALL)


def rules_for(path: str) -> list[Rule]:
    """The rules that a file with this path has to do with."""
    if not ANY.fullmatch(path):
        return []
    return [rule for rule, pattern in COMPILED if pattern.fullmatch(path)]
