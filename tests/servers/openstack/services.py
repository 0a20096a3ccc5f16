"""A real Keystone, Glance and Nova on loopback, each a program of its own, with SQLite and a folder of their own.

They are installed by ``make openstack`` into an environment of their own (requirements/openstack.txt): what they need
is not what the panel needs.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from servers.clouds.openstack.access import Access

PYTHON = Path(sys.prefix) / "openstack" / "bin" / "python"
PROGRAM = "tests.servers.openstack.service"
ROOT = Path(__file__).parents[3]
PASSWORD = "not-a-secret"
REGION = "RegionOne"
START_SECONDS = 60
KEYSTONE = """[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credentials
[identity]
password_hash_rounds = 4
[oslo_policy]
policy_file = {folder}/policy.yaml
"""
TOKENS = """[keystone_authtoken]
www_authenticate_uri = {identity}
auth_url = {identity}
auth_type = password
username = admin
password = {password}
project_name = admin
user_domain_id = default
project_domain_id = default
service_token_roles_required = true
"""
GLANCE = """[DEFAULT]
enabled_backends = files:file
[database]
connection = sqlite:///{folder}/glance.db
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = {folder}/images
[os_glance_staging_store]
filesystem_store_datadir = {folder}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {folder}/tasks
[paste_deploy]
config_file = {paste}
flavor = keystone
[oslo_policy]
policy_file = {folder}/policy.yaml
"""
NOVA = """[DEFAULT]
compute_driver = fake.Driver
host = host-1
[wsgi]
api_paste_config = {paste}
[quota]
cores = 6
[glance]
endpoint_override = {image}
[oslo_policy]
policy_file = {folder}/policy.yaml
"""


class NotStarted(Exception):
    """A service is not installed, or ended at once; the text says what it wrote."""


@dataclass(frozen=True)
class Project:
    """A project in that cloud, and a credential of somebody in it.

    Attributes:
        access: with the application credential.
    """

    id: str
    access: Access


class Cloud:
    """Keystone and Glance, from ``start`` to ``stop``, and Nova once somebody asks for it.

    Attributes:
        identity, image: their addresses, once they have started.
        endpoints: the addresses of all but Keystone.
    """

    identity: str
    image: str
    endpoints: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        self._token = ""

    def start(self) -> None:
        """Start both and wait until they answer."""
        if not PYTHON.exists():
            raise NotStarted("Keystone, Glance and Nova are not installed: `make openstack` does that.")
        (self._folder / "policy.yaml").write_text("{}\n")
        self._start_keystone()
        self._start_glance()

    def stop(self) -> None:
        for process in self._processes:
            process.communicate(timeout=START_SECONDS)

    def project(self, name: str) -> Project:
        """A new project with one person in it, and their application credential."""
        project = self._post("/projects", {"project": {"name": name, "domain_id": "default"}})["project"]["id"]
        person = {"name": name, "password": PASSWORD, "domain_id": "default", "default_project_id": project}
        user = self._post("/users", {"user": person})["user"]["id"]
        self._ask("PUT", f"/projects/{project}/users/{user}/roles/{self._role('member')}")
        token = self._signed_in(name, project)
        made = self._post(
            f"/users/{user}/application_credentials", {"application_credential": {"name": "panel"}}, token=token
        )["application_credential"]
        return Project(
            project,
            Access(
                region="Oslo",
                auth_url=self.identity,
                credential_id=made["id"],
                secret=made["secret"],
                region_name=REGION,
                endpoints=self.endpoints,
            ),
        )

    def add_endpoint(self, kind: str, url: str) -> None:
        """Have the catalogue name a service."""
        service = self._post("/services", {"service": {"type": kind, "name": kind}})["service"]["id"]
        self.endpoints += (url,)
        said = {"service_id": service, "interface": "public", "url": url, "region_id": REGION}
        self._post("/endpoints", {"endpoint": said})

    # --- Keystone -------------------------------------------------------------------------------------

    def _start_keystone(self) -> None:
        folder = self._folder / "keystone"
        folder.mkdir()
        (folder / "keystone.conf").write_text(KEYSTONE.format(folder=folder))
        (folder / "policy.yaml").write_text("{}\n")
        port = free_port()
        self.identity = f"http://127.0.0.1:{port}/v3"
        manage = [PYTHON.with_name("keystone-manage"), "--config-file", folder / "keystone.conf"]
        owner = ["--keystone-user", folder.owner(), "--keystone-group", folder.group()]
        urls = [word for kind in ("public", "internal", "admin") for word in (f"--bootstrap-{kind}-url", self.identity)]
        self._run(*manage, "db_sync")
        self._run(*manage, "fernet_setup", *owner)
        self._run(*manage, "bootstrap", "--bootstrap-password", PASSWORD, *urls, "--bootstrap-region-id", REGION)
        self._serve("keystone", port, {"OS_KEYSTONE_CONFIG_DIR": str(folder)})
        self._token = self._signed_in("admin")

    def _start_glance(self) -> None:
        folder = self._folder / "glance"
        for name in ("images", "staging", "tasks"):
            (folder / name).mkdir(parents=True)
        (folder / "policy.yaml").write_text("{}\n")
        port = free_port()
        self.image = f"http://127.0.0.1:{port}"
        paste = PYTHON.parent.parent / "etc" / "glance" / "glance-api-paste.ini"
        (folder / "glance-api.conf").write_text(self._configured(GLANCE + TOKENS, folder, paste))
        self._run(PYTHON.with_name("glance-manage"), "--config-file", folder / "glance-api.conf", "db_sync")
        self.add_endpoint("image", self.image)
        self._serve("glance", port, {"OS_GLANCE_CONFIG_DIR": str(folder)})

    def start_compute(self) -> None:
        """Start Nova, too, and wait until it answers."""
        folder = self._folder / "nova"
        folder.mkdir()
        (folder / "policy.yaml").write_text("{}\n")
        port, paste = free_port(), PYTHON.parent.parent / "etc" / "nova" / "api-paste.ini"
        (folder / "nova.conf").write_text(self._configured(NOVA + TOKENS, folder, paste))
        self.add_endpoint("compute", f"http://127.0.0.1:{port}/v2.1")
        self.add_endpoint("network", f"http://127.0.0.1:{port}/network")
        places = {"OS_NOVA_CONFIG_DIR": str(folder), "TMPDIR": str(folder)}
        self._serve("nova", port, places | {"OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"})

    def _configured(self, text: str, folder: Path, paste: Path) -> str:
        return text.format(folder=folder, paste=paste, identity=self.identity, image=self.image, password=PASSWORD)

    def _run(self, *argv: object) -> None:
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStarted(f"{argv} ended with {done.returncode}:\n{done.stderr}")

    def _serve(self, kind: str, port: int, environment: dict[str, str]) -> None:
        errors = self._folder / f"{kind}.errors"
        with errors.open("w") as file:
            process = subprocess.Popen(
                [PYTHON, "-W", "ignore", "-m", PROGRAM, kind, str(port)],
                cwd=ROOT,
                stdin=subprocess.PIPE,  # it ends when this closes, so never later than we do
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=environment,
            )
        assert process.stdout is not None
        self._processes.append(process)
        if not process.stdout.readline().strip():
            raise NotStarted(f"{kind} did not start:\n{errors.read_text()}")

    def _signed_in(self, name: str, project: str = "") -> str:
        user = {"name": name, "domain": {"id": "default"}, "password": PASSWORD}
        scope = {"id": project} if project else {"name": "admin", "domain": {"id": "default"}}
        said: dict[str, Any] = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": scope},
        }
        answer = requests.post(f"{self.identity}/auth/tokens", json={"auth": said}, timeout=START_SECONDS)
        answer.raise_for_status()
        return str(answer.headers["X-Subject-Token"])

    def _role(self, name: str) -> str:
        return str(self._ask("GET", f"/roles?name={name}")["roles"][0]["id"])

    def _post(self, path: str, said: dict[str, Any], *, token: str = "") -> dict[str, Any]:
        return self._ask("POST", path, said, token=token)

    def _ask(self, method: str, path: str, said: dict[str, Any] | None = None, *, token: str = "") -> dict[str, Any]:
        answer = requests.request(
            method,
            f"{self.identity}{path}",
            json=said,
            headers={"X-Auth-Token": token or self._token},
            timeout=START_SECONDS,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def real_cloud() -> Iterator[Cloud]:
    """Keystone and Glance, started by the first test that asks for them."""
    with tempfile.TemporaryDirectory(prefix="stockroom-openstack-") as folder:
        cloud = Cloud(Path(folder))
        cloud.start()
        try:
            yield cloud
        finally:
            cloud.stop()


@pytest.fixture(scope="session")
def real_compute(real_cloud: Cloud) -> Cloud:
    """The same with Nova."""
    real_cloud.start_compute()
    return real_cloud
