"""Images that the panel fetches from the web by command."""

import pytest
from pytest_django.fixtures import Settings

from images.demo_disks import bootable_raw
from tests.api.clients.terminals import Terminal
from tests.conftest import WorkThrough
from tests.images.outside.servers import EveryPort, file_of, serving

DISK = bootable_raw("A disk of the web.", size=4096)


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Imports may go to servers of the test, on any port."""
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    settings.IMPORT_PORTS = EveryPort()


def test_an_image_comes_from_the_web(alice: Terminal, work_through: WorkThrough) -> None:
    alice.file("disk.raw", DISK)
    alice("image create --disk-format raw --container-format bare fetched")
    with serving(file_of(DISK)) as server:
        alice(f"image import --method web-download --uri {server.url()} fetched")
        assert alice("image show fetched -f value -c status") == "importing"
        work_through()
    assert alice("image show fetched -f value -c status") == "active"
    assert alice.run("openstack image save fetched | cmp - disk.raw").returncode == 0


def test_what_is_no_address_of_the_web_is_refused(alice: Terminal, settings: Settings) -> None:
    settings.IMPORT_PORTS = [443]
    alice("image create --disk-format raw --container-format bare fetched")
    alice("image import --method web-download --uri http://127.0.0.1:22/disk.img fetched")  # it looks at no status here
    assert alice("image show fetched -f value -c status") == "queued"
    unknown = "image import --method glance-download --remote-region x --remote-image y fetched"
    assert "not supported by this deployment. Supported: glance-direct, web-download" in alice.refused(unknown)
