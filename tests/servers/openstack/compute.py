"""OpenStack Nova in one process: its API, conductor, scheduler and one compute host, over SQLite.

``service`` imports this, with Nova's Python. The fixtures of Nova's own functional tests put these services together.
What answers is Nova; tokens are checked by a real Keystone and images are asked of a real Glance, whose addresses
``nova.conf`` says. Placement is real, too. **Not real are** what lies below and beside Nova:

- no hypervisor: Nova's own fake driver keeps in memory which machines run (see ``host``).
- no Neutron and no Cinder: Nova's fixtures answer for them. ``Networks`` gives the networks of the first to others.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nova.conf
from nova import test
from nova.api import wsgi
from nova.api.openstack import wsgi_app
from nova.tests import fixtures
from nova.tests.functional.fixtures import PlacementFixture
from nova.virt import fake

from tests.servers.openstack.host import Driver

Environ = dict[str, Any]
Start = Callable[..., Any]
CONFIGURATION = Path(os.environ["OS_NOVA_CONFIG_DIR"]) / "nova.conf"

fake.Driver = Driver  # Nova loads drivers from its own package only


class Neutron(fixtures.NeutronFixture):
    """Nova's fixture, in which all projects are one: it has no others, and Keystone's are not called so."""

    def list_ports(self, is_admin: bool, **asked: Any) -> Any:
        asked.pop("tenant_id", None)
        return super().list_ports(is_admin, **asked)


class Networks:
    """What of Neutron is asked by others than Nova: the networks of Nova's fixture, here shared with all projects."""

    def __init__(self, neutron: Neutron) -> None:
        self._neutron = neutron

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        data = json.dumps(self._said(environ["PATH_INFO"], environ["HTTP_HOST"])).encode()
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
        return [data]

    def _said(self, path: str, host: str) -> Any:
        if path.endswith("/networks"):
            return {"networks": [each | {"shared": True} for each in self._neutron.list_networks()["networks"]]}
        if path.endswith("/subnets"):
            return self._neutron.list_subnets()
        links = [{"rel": "self", "href": f"http://{host}/network/v2.0/"}]
        return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}


class Compute(test.TestCase):
    """Nova without its API, as a test that is never run; its fixtures stay as long as the process."""

    def setUp(self) -> None:
        """Start what stands behind the API."""
        super().setUp()
        warnings.simplefilter("ignore")  # to its fixtures, some of SQLAlchemy are errors
        nova.conf.CONF(["--config-file", str(CONFIGURATION)], project="nova")
        self.useFixture(fixtures.RealPolicyFixture())
        self.neutron = self.useFixture(Neutron(self))
        self.useFixture(fixtures.CinderFixture(self))
        self.useFixture(PlacementFixture())
        for name in ("conductor", "scheduler", "compute"):
            self.start_service(name)


behind = Compute()
behind.setUp()
compute = wsgi.Loader().load_app("osapi_compute")
wsgi_app._setup_service(nova.conf.CONF.host, "osapi_compute")
networks = Networks(behind.neutron)


def application(environ: Environ, start: Start) -> Any:
    """Nova's API, and what is asked of Neutron (PEP 3333)."""
    return (networks if environ["PATH_INFO"].startswith("/network") else compute)(environ, start)
