"""What the cloud of a region says of itself now: for staff who set it up."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field

from django.conf import settings

from images import sandbox
from images.sizes import short_size
from servers.clouds.base import CloudProblem
from servers.clouds.finding import access_of, local_cloud
from servers.clouds.local.accelerator import accelerator
from servers.clouds.local.folder import folders
from servers.clouds.local.qemu import OVERHEAD
from servers.keys import TEST_SECONDS, in_time
from servers.models import RegionCloud

VERSION_SECONDS = 10
ACCELERATORS = {"kvm": "KVM", "tcg": "none: software emulation"}


@dataclass(frozen=True)
class Report:
    """What is known of a cloud at this moment.

    Attributes:
        problem: why no server can run there, with what to do; empty when all is well.
        facts: what else is worth knowing, by name.
    """

    problem: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def report_of(cloud: RegionCloud) -> Report:
    """Ask the cloud. It takes seconds where the cloud is slow, and ends in any case.

    Args:
        cloud: with its region.
    """
    return _local_report() if cloud.kind == RegionCloud.Kind.LOCAL else _openstack_report(cloud)


def _local_report() -> Report:
    problem, version = local_cloud().why_not(), _version()
    made = [(folder.is_running(), known.ram) for folder in folders() if (known := folder.made())]
    used = sum(ram + OVERHEAD for is_running, ram in made if is_running)
    settings.SERVERS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    facts = {
        "QEMU": version or "not found",
        "Accelerator": ACCELERATORS[accelerator()] if version else "",
        "Servers": f"{sum(is_running for is_running, _ in made)} running of {len(made)}",
        "Memory": f"{used} of {settings.SERVERS_MEMORY} MiB in use",
        "Free for disks": short_size(shutil.disk_usage(settings.SERVERS_DIR).free),
    }
    return Report(problem, facts)


def _version() -> str:
    """The first line of what QEMU says of itself."""
    program = sandbox.find_program(settings.QEMU_SYSTEM)
    if not program:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the program of the settings, no shell
            (program, "--version"), capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.partition("\n")[0]


def _openstack_report(cloud: RegionCloud) -> Report:
    """Whether the Identity service answers, without any key: who has one tests it on the page of cloud keys."""
    late = f"The cloud of {cloud.region.name} did not answer within {TEST_SECONDS} seconds."
    return in_time(lambda: _identity_report(cloud)) or Report(late)


def _identity_report(cloud: RegionCloud) -> Report:
    from servers.clouds.openstack.access import connected
    from servers.clouds.openstack.problems import AGAIN, in_words

    access = access_of(cloud, "", "")
    try:
        with in_words(access):
            answer = connected(access).session.get(cloud.auth_url, authenticated=False, raise_exc=False)
    except CloudProblem as problem:
        return Report(str(problem).replace(AGAIN, "").rstrip())
    if versions := _versions_in(answer.content):
        return Report(facts={"Identity service": versions})
    return Report(f"Something answers there ({answer.status_code}), but it is no Identity service.")


def _versions_in(said: bytes) -> str:
    """The versions that an Identity service names: of the one address, or of all that it has."""
    try:
        told = json.loads(said)
        found = [told["version"]] if "version" in told else told["versions"]["values"]
        return ", ".join(str(each["id"]) for each in found)
    except (ValueError, KeyError, TypeError):
        return ""
