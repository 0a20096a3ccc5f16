"""Shells of people who use the `openstack` command, and what it says to them."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.models import Account, User
from tests import factories

PATIENCE = 60  # seconds for a script; two cores may be busy with other tests


@dataclass(frozen=True)
class Terminal:
    """A shell with a folder of its own, in which the variables of `openrc.sh` are set.

    Attributes:
        folder: where commands run.
        environment: all variables that they have.
    """

    folder: Path
    environment: dict[str, str] = field(repr=False)

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run commands as they are printed, by somebody who sits there: else the command waits for data by a pipe."""
        keyboard, stdin = os.openpty()
        try:
            return self._run(script, variables, stdin)
        finally:
            os.close(keyboard)
            os.close(stdin)

    def _run(self, script: str, variables: dict[str, str], stdin: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-c", script],
            stdin=stdin,
            cwd=self.folder,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def __call__(self, command: str) -> str:
        """What a command prints that succeeds: ``alice("image list -f value -c Name")``."""
        done = self.run(f"openstack {command}")
        assert done.returncode == 0, f"openstack {command}\n{done.stderr}{done.stdout}"
        return done.stdout.strip()

    def json(self, command: str) -> Any:
        """What a command prints with ``-f json``."""
        return json.loads(self(f"{command} -f json"))

    def refused(self, command: str) -> str:
        """What a command says that fails."""
        done = self.run(f"openstack {command}")
        assert (done.returncode, done.stdout) == (1, ""), f"openstack {command}\n{done.stderr}{done.stdout}"
        return done.stderr.strip()

    def file(self, name: str, content: bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_bytes(content)
        return path


def openrc(panel: str, person: User, account: Account | None) -> dict[str, str]:
    """The variables by which somebody signs in with their password.

    Args:
        panel: its address.
        account: by its name; without one the token has no scope.
    """
    signs_in = {
        "OS_AUTH_URL": f"{panel}/identity/v3",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": person.username,
        "OS_PASSWORD": factories.PASSWORD,
        "OS_USER_DOMAIN_NAME": "Default",
    }
    return signs_in | ({"OS_PROJECT_NAME": account.title, "OS_PROJECT_DOMAIN_NAME": "Default"} if account else {})
