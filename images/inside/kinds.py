"""The kinds of findings: what people call them, and what to do about them."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """Why a finding matters, the worst first."""

    SECRET = "secret"  # noqa: S105 - a word, not a password
    IDENTITY = "identity"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        one: what one of them is called, after a number.
        many: what several are called.
        advice: what to do, as a sentence.
    """

    weight: Weight
    one: str
    many: str
    advice: str

    def counted(self, number: int) -> str:
        """Such as "2 private SSH keys"."""
        return f"{number:,} {self.one if number == 1 else self.many}"


KINDS: dict[str, Kind] = {
    "ssh_key": Kind(
        Weight.SECRET,
        "private SSH key",
        "private SSH keys",
        "Delete them, and take their public halves out of every server that knows them.",
    ),
    "private_key": Kind(
        Weight.SECRET,
        "other private key",
        "other private keys",
        "Delete them unless everybody may have them, and replace the certificates that they belong to.",
    ),
    "cloud_credential": Kind(
        Weight.SECRET,
        "file with cloud credentials",
        "files with cloud credentials",
        "Delete them, and have the cloud replace the credentials.",
    ),
    "stored_password": Kind(
        Weight.SECRET,
        "file with stored passwords",
        "files with stored passwords",
        "Delete them, and change the passwords.",
    ),
    "setup_password": Kind(
        Weight.SECRET,
        "set-up file with a password or a key",
        "set-up files with a password or a key",
        "Run “cloud-init clean --logs --seed”, and delete answer files of the installation.",
    ),
    "password_hash": Kind(
        Weight.SECRET,
        "login with a password",
        "logins with a password",
        "Lock them (“passwd --lock”) unless everybody is meant to know the password: hashes can be guessed.",
    ),
    "empty_password": Kind(
        Weight.SECRET,
        "login without any password",
        "logins without any password",
        "Lock them (“passwd --lock”): anybody who reaches the server can sign in.",
    ),
    "authorized_keys": Kind(
        Weight.SECRET,
        "list of keys that can sign in",
        "lists of keys that can sign in",
        "Empty the authorized_keys files: whoever has these keys can enter every server made from the image.",
    ),
    "host_key": Kind(
        Weight.IDENTITY,
        "SSH host key",
        "SSH host keys",
        "Delete /etc/ssh/ssh_host_*: every server would show the same identity. They are made anew at the first start.",
    ),
    "machine_id": Kind(
        Weight.IDENTITY,
        "machine id",
        "machine ids",
        "Empty /etc/machine-id (do not delete it): every server would have the same.",
    ),
    "random_seed": Kind(
        Weight.IDENTITY,
        "saved random seed",
        "saved random seeds",
        "Delete /var/lib/systemd/random-seed: every server would start from the same randomness.",
    ),
    "history": Kind(
        Weight.TRACE,
        "history of typed commands",
        "histories of typed commands",
        "Delete them: commands often hold passwords and names of other machines.",
    ),
    "log": Kind(
        Weight.TRACE,
        "log file that is not empty",
        "log files that are not empty",
        "Empty /var/log: logs name people, addresses and machines.",
    ),
}
