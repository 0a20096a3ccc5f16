"""Starting QEMU for a machine: what it is told, what it may see, and whether this host has the memory for it."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from images import sandbox
from images.conversions import QEMU_NAMES
from images.sandbox import Limits, Program
from servers.clouds.base import CloudMissing, CloudProblem, CloudRefused, Machine
from servers.clouds.local.accelerator import KVM, accelerator
from servers.clouds.local.disks import base_of, make_seed, seed_of, size_of
from servers.clouds.local.folder import Folder, folders, host_locked
from servers.clouds.local.ports import assigned
from servers.clouds.local.qmp import control

START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from servers.keeper import main; "
START += "main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))"
START_SECONDS = 30
MIB = 1024**2
OVERHEAD = 64  # MiB that QEMU needs beside the guest's memory
ADDRESS_SPACE = 3 * 1024**3  # bytes beside the guest's memory: libraries, stacks of threads, translated code
TABLES = 64 * MIB  # bytes; with a hundredth of the disk, more than a qcow2 file adds to its data
OPEN_FILES = 256
DENIED = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
TRANSIT = "snapshot"  # the folder in which QEMU may write a copy of the disk


def start(machine: Machine, folder: Folder) -> None:
    """Have the machine run. Under its lock.

    Raises:
        CloudMissing: this host cannot run it in safety.
        CloudProblem: there is too little memory now, or QEMU did not start.
    """
    (folder / TRANSIT).mkdir(exist_ok=True)
    with host_locked():
        if folder.is_running():
            return
        _admit(machine)
        _assign_ports(machine, folder)
        make_seed(machine, folder)
        if reason := _launched(machine, folder):
            raise CloudMissing(f"Servers cannot run on this host in safety ({reason}). Tell who runs the panel.")
    try:
        with control(folder.path):
            return
    except CloudProblem as problem:
        folder.kill()
        words = last_words(ended.words, folder) if (ended := folder.ended()) else ""
        raise CloudProblem(f"QEMU did not start: {words or problem}") from problem


def last_words(words: str, folder: Folder) -> str:
    """The last line of what QEMU said, without the places of the files: people read it."""
    lines = words.strip().splitlines()
    # What it says of an option begins with the whole of that, which ends with a brace.
    line = lines[-1].removeprefix(f"{settings.QEMU_SYSTEM}: ").rpartition("}: ")[-1] if lines else ""
    for path in (str(folder.path), str(settings.SERVERS_DIR)):
        line = line.replace(path, "…")
    return "".join(char for char in line[:300] if char.isprintable())


def _admit(machine: Machine) -> None:
    """Refuse what this host has no memory or no room for. Under the lock of the host."""
    if shutil.disk_usage(settings.SERVERS_DIR).free < settings.SERVERS_ROOM * MIB:
        raise CloudProblem("This host has no room left for disks of servers. Whoever runs the panel can make some.")
    most, needed = settings.SERVERS_MEMORY, machine.ram + OVERHEAD
    if needed > most:
        raise CloudRefused(f"It needs {machine.ram} MiB of memory; all servers of this host together may have {most}.")
    others = [folder for folder in folders() if folder.path.name != str(machine.id)]
    used = sum(made.ram + OVERHEAD for folder in others if (made := folder.made()) and folder.is_running())
    if used + needed > most:
        raise CloudProblem(
            f"This host has no memory left for it: running servers use {used} of {most} MiB, and it needs {needed}. "
            "Stop another server, then start this one again."
        )


def _assign_ports(machine: Machine, folder: Folder) -> None:
    """Note where this host will answer for the machine. Under the lock of the host."""
    ports, made = assigned(machine, folder), folder.made()
    assert made
    if ports != folder.ports():
        folder.write_down(replace(made, ports={str(port): outside for port, outside in ports.items()}))


def _launched(machine: Machine, folder: Folder) -> str:
    """Start the keeper, which starts QEMU; why it could not, if so."""
    report, told = os.pipe()
    limits = Limits(
        seconds=0,
        memory=machine.ram * MIB + ADDRESS_SPACE,
        file_size=size_of(machine) + size_of(machine) // 100 + TABLES,
        open_files=OPEN_FILES,
    )
    policy = sandbox.policy_of(program_of(machine, folder), limits, outlives_us=True)
    room = settings.SERVERS_ROOM * MIB
    try:
        subprocess.run(  # noqa: S603 - a list of our own words, no shell
            [sys.executable, "-I", "-S", "-c", START, str(settings.BASE_DIR), policy, str(told), str(room)],
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[told],
            timeout=START_SECONDS,
            check=False,
        )
    finally:
        os.close(told)
    with os.fdopen(report, "rb") as file:
        return file.read().decode(errors="replace")


def program_of(machine: Machine, folder: Folder) -> Program:
    """QEMU for this machine: no device but two disks, a serial port, random numbers and a network card if it has ports
    that are reached from outside; and no file but its own.
    """
    qemu = sandbox.find_program(settings.QEMU_SYSTEM)
    base, disk = base_of(machine.image.data_id).resolve(), folder.disk(machine.disk_number).resolve()
    node = {
        "driver": "qcow2",
        "node-name": "disk",
        "discard": "unmap",
        "file": {"driver": "file", "filename": str(disk)},
        "backing": {
            "driver": QEMU_NAMES[machine.image.disk_format],
            "read-only": True,
            "file": {"driver": "file", "filename": str(base)},
        },
    }
    seed = {
        "driver": "raw",
        "node-name": "seed",
        "read-only": True,
        "file": {"driver": "file", "filename": str(seed_of(folder))},
    }
    kvm = accelerator() == "kvm"
    argv = (
        *(qemu, "-nodefaults", "-no-user-config", "-display", "none", "-sandbox", DENIED),
        *("-name", f"server-{machine.id}", "-uuid", str(machine.id)),
        *("-accel", "kvm" if kvm else "tcg,tb-size=64", "-cpu", "max"),
        *("-smp", str(machine.vcpus), "-m", f"{machine.ram}M"),
        *("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=disk,bootindex=0"),
        *("-blockdev", json.dumps(seed), "-device", "virtio-blk-pci,drive=seed"),
        *("-device", "virtio-rng-pci", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
        *_network(folder),
    )
    return Program(
        name="The machine",
        argv=argv,
        runnable=(Path(qemu).resolve(),),
        readable=(base, seed_of(folder)),
        writable=(disk, (folder / TRANSIT).resolve()),
        devices=(KVM,) if kvm else (),
        calls=("listen", "accept"),  # at the socket that it is given; it can make no other
        listens=tuple(folder.ports().values()),
        folder=folder.path.resolve(),
    )


def _network(folder: Folder) -> tuple[str, ...]:
    """A network of the guest alone: QEMU hands it what comes to its ports, and leads nothing out ("restrict")."""
    ports = folder.ports()
    if not ports:
        return ()
    forwards = [f"hostfwd=tcp:{settings.SERVERS_PORTS.address}:{outside}-:{port}" for port, outside in ports.items()]
    network = ",".join(["user,id=network,restrict=on,ipv6=off", *forwards])
    return ("-netdev", network, "-device", "virtio-net-pci,netdev=network,romfile=")
