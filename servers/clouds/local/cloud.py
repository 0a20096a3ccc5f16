"""Machines on this host, run by QEMU."""

from collections.abc import Iterator
from pathlib import Path

from servers.clouds.base import Abilities, CloudMissing, Condition, Console, Machine, Progress, State


class LocalCloud:
    """QEMU on this host."""

    abilities = Abilities(
        live_snapshots=True,
        network_choice=True,
        console=True,
        disk_formats=frozenset({"qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx"}),
        architectures=frozenset({"x86_64", ""}),
    )

    def why_not(self) -> str:
        return "QEMU is not installed on this host."

    def create(self, machine: Machine) -> None:
        raise CloudMissing(self.why_not())

    def condition(self, machine: Machine) -> Condition:
        return Condition(state=State.ABSENT)

    def start(self, machine: Machine) -> None:
        raise CloudMissing(self.why_not())

    def stop(self, machine: Machine) -> None:
        raise CloudMissing(self.why_not())

    def reboot(self, machine: Machine) -> None:
        raise CloudMissing(self.why_not())

    def delete(self, machine: Machine) -> None:
        raise CloudMissing(self.why_not())

    def console(self, machine: Machine, *, offset: int, limit: int) -> Console:
        raise CloudMissing(self.why_not())

    def snapshot(self, machine: Machine, *, folder: Path, progress: Progress) -> Iterator[bytes]:
        raise CloudMissing(self.why_not())
