"""An image of a machine's disk: everything in one qcow2 file, without the base below it.

A machine that runs is copied by its own QEMU, as its disk is in the moment that begins; what the guest has not written
yet is missing, as after a power cut. The disk of one that does not run is copied by ``qemu-img``, locked in.
"""

import fcntl
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from images import sandbox
from images.sandbox import Limits, Program, ProgramProblem
from images.stores import FileStore, get_store, store_names
from servers.clouds.base import CloudBusy, CloudProblem, Machine, Progress
from servers.clouds.local.disks import SECTOR, base_of, free_room, size_of
from servers.clouds.local.folder import PROMISE, Folder, Made, host_locked
from servers.clouds.local.qemu import TABLES, TRANSIT
from servers.clouds.local.qmp import Control, control

READ_SIZE = 1024 * 1024  # bytes
TICK_SECONDS = 0.05
JOB, TARGET = "snapshot", "target"
PERCENT = re.compile(rb"\((\d{1,3})\.\d+/100%\)")
CREATE_SECONDS = 60
NO_ROOM = "This host has no room left for an image of it. Whoever runs the panel can make some."


def snapshot(machine: Machine, folder: Path, progress: Progress) -> Iterator[bytes]:
    """The disk of a machine as it is now; see ``Cloud.snapshot``."""
    place = Folder(machine.id)
    made = place.made()
    if made is None or not place.disk(made.disk_number).exists():
        raise CloudProblem("It has no disk on this host.")
    with _alone(place, _most(machine, place, made)):
        if place.is_running():
            yield from _of_a_running_one(machine, place, progress)
        else:
            yield from _of_a_stopped_one(machine, place, folder, progress)


def _most(machine: Machine, place: Folder, made: Made) -> int:
    """Bytes that the copy may need: what its disk and the base have, and the same in the store if that is beside it.

    Only a raw base has as much as it looks: others may be compressed, and the copy is not.
    """
    base, disk = base_of(made.data_id), place.disk(made.disk_number)
    below = _taken(base) if made.disk_format == "raw" else machine.image.virtual_size
    copy = min(_taken(disk) + below, size_of(machine))
    return (copy + copy // 100) * (2 if _is_beside_a_store() else 1)


def _taken(path: Path) -> int:
    return path.stat().st_blocks * SECTOR


def _is_beside_a_store() -> bool:
    stores = [store for name in store_names() if isinstance(store := get_store(name), FileStore)]
    place = settings.SERVERS_DIR.stat().st_dev
    return any(store.root.exists() and store.root.stat().st_dev == place for store in stores)


@contextmanager
def _alone(place: Folder, needed: int) -> Iterator[None]:
    """Keep all others from copying the same disk, and room for the copy (``folder.promised``).

    Raises:
        CloudBusy: somebody else is at it.
        CloudProblem: there is too little room now.
    """
    with (place / PROMISE).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CloudBusy("Another image of this server is being made.") from error
        try:
            _reserve(file.fileno(), needed)
            yield
        finally:
            os.truncate(file.fileno(), 0)


def _reserve(lock: int, needed: int) -> None:
    with host_locked():
        os.truncate(lock, 0)  # what a killed worker was promised
        if free_room() < needed:
            raise CloudProblem(NO_ROOM)
        os.truncate(lock, needed)


def _of_a_stopped_one(machine: Machine, place: Folder, folder: Path, progress: Progress) -> Iterator[bytes]:
    result = folder / "disk.qcow2"
    with place.locked():  # nobody starts it meanwhile
        if place.is_running():
            raise CloudProblem("It was started while an image of it was about to be made.")
        _convert(machine, place, result, progress)
    yield from _read(result)


def _convert(machine: Machine, place: Folder, result: Path, progress: Progress) -> None:
    made = place.made()
    assert made
    disk, percent = place.disk(made.disk_number).resolve(), 0

    def listen(output: bytes) -> None:
        nonlocal percent
        if found := PERCENT.findall(output):
            percent = min(100, int(found[-1]))

    formats = ("-f", "qcow2", "-O", "qcow2", "-o", "compat=1.1")
    program = Program(
        name="The copy of the disk",
        argv=(
            *(sandbox.find_program(settings.QEMU_IMG), "convert", "-p", *formats),
            *(f"file:{disk}", f"file:{result.resolve()}"),
        ),
        readable=(disk, base_of(made.data_id).resolve()),
        writable=(result.resolve().parent,),
    )
    limits = Limits(
        seconds=settings.CONVERSION_SECONDS,
        memory=settings.CONVERSION_MEMORY,
        file_size=size_of(machine) + size_of(machine) // 100 + TABLES,
    )
    try:
        sandbox.run(program, limits=limits, on_output=listen, on_tick=lambda: progress(percent))
    except ProgramProblem as problem:
        raise CloudProblem(str(problem)) from problem


def _of_a_running_one(machine: Machine, place: Folder, progress: Progress) -> Iterator[bytes]:
    result = place / TRANSIT / "disk.qcow2"
    try:
        with control(place.path) as orders:
            _forget(orders)  # what a worker that was killed has left behind
            _prepare(machine, result)
            file = {"driver": "file", "filename": str(result.resolve())}
            orders.order("blockdev-add", **{"driver": "qcow2", "node-name": TARGET, "file": file})
            orders.order(
                "blockdev-backup",
                **{"job-id": JOB, "device": "disk", "target": TARGET, "sync": "full", "auto-dismiss": False},
            )
        _wait(place, progress)
        yield from _read(result)
    finally:
        with suppress(CloudProblem), control(place.path) as orders:
            _forget(orders)
        result.unlink(missing_ok=True)


def _prepare(machine: Machine, result: Path) -> None:
    result.unlink(missing_ok=True)
    argv = (
        sandbox.find_program(settings.QEMU_IMG),
        "create",
        "-q",
        "-f",
        "qcow2",
        f"file:{result}",
        f"{size_of(machine)}",
    )
    subprocess.run(argv, capture_output=True, timeout=CREATE_SECONDS, check=True)  # noqa: S603 - no shell


def _wait(place: Folder, progress: Progress) -> None:
    """Let QEMU copy. It is asked now and then, so that others can give it orders in between."""
    while True:
        if (place / "held").exists():  # the machine waits for room, and its copy would take what is left
            raise CloudProblem(NO_ROOM)
        with control(place.path) as orders:
            job = _job(orders)
        if job is None:
            raise CloudProblem("The machine was started again while an image of it was made.")
        if job["status"] == "concluded":
            break
        progress(100 * job["current-progress"] // max(1, job["total-progress"]))
        time.sleep(TICK_SECONDS)
    if job.get("error"):
        raise CloudProblem(f"Its disk could not be copied: {job['error']}")
    with control(place.path) as orders:
        _forget(orders)


def _job(orders: Control) -> dict[str, Any] | None:
    return next((job for job in orders.order("query-jobs") if job["id"] == JOB), None)


def _forget(orders: Control) -> None:
    """End the copy of a worker, and let QEMU write the file to its end and close it."""
    while job := _job(orders):
        if job["status"] == "concluded":
            orders.order("job-dismiss", id=JOB)
        else:
            with suppress(CloudProblem):  # it may be ending by itself
                orders.order("job-cancel", id=JOB)
            time.sleep(TICK_SECONDS)
    if any(node["node-name"] == TARGET for node in orders.order("query-named-block-nodes")):
        orders.order("blockdev-del", **{"node-name": TARGET})


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(READ_SIZE):
            yield chunk
