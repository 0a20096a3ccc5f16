"""Disks of machines: an overlay for each, above image data that all machines share and none can change."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from images import sandbox
from images.actions.health import local_file
from images.conversions import QEMU_NAMES
from images.models import ImageData
from images.problems import DataProblem
from images.stores import FileStore, get_store
from servers.clouds.base import (
    Bytes,
    CloudBusy,
    CloudMissing,
    CloudProblem,
    CloudRefused,
    ImageNeeded,
    Machine,
    Source,
)
from servers.clouds.local.folder import Folder, folders, host_locked, locked_at, promised
from servers.clouds.local.needs import why_not
from servers.clouds.local.seed import seed

MIB, GIB = 1024**2, 1024**3
SECTOR = 512  # bytes
CREATE_SECONDS = 60
BEING_BROUGHT = "Its image is being brought to this host."


def base_of(data_id: object) -> Path:
    """Where the image data lies while any machine needs it. Its store may move or remove it meanwhile."""
    return Path(settings.SERVERS_DIR) / "bases" / str(data_id)


def require_base(machine: Machine) -> None:
    """Have the image data here under a second name, where a store keeps it on the same disk: that takes no time.

    Raises:
        ImageNeeded: it has to be copied or fetched first.
        CloudRefused: the data is gone.
        CloudProblem: it could not be read now.
    """
    base = base_of(machine.image.data_id)
    if base.exists():
        return
    base.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        stored = data_file(machine.image.data_id)
        if stored is None:
            raise ImageNeeded(BEING_BROUGHT)
        with stored as source:
            _link(source, base)
    except ImageData.DoesNotExist as error:
        raise CloudRefused("The data of its image is gone.") from error
    except DataProblem as error:
        raise CloudProblem(f"The data of its image cannot be read: {error}") from error


def data_file(data_id: UUID) -> AbstractContextManager[Path] | None:
    """The file of a store on this host; None where the store would have to fetch it first."""
    data = ImageData.objects.get(pk=data_id)
    return local_file(data) if isinstance(get_store(data.store), FileStore) else None


def bring_base(source: Source, data: Bytes) -> None:
    """Copy image data to this host, unless it is there or nobody needs it any more.

    Raises:
        CloudBusy: another worker does.
        CloudProblem: this host has no room for it, or it could not be written.
    """
    base = base_of(source.data_id)
    base.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with _alone_at(base.with_name(f"{base.name}.part")) as part:
            if not base.exists() and base.name in _needed():
                _reserve(part, source.size)
                _write(part, data)
                _put_in_place(part, base)
    except OSError as error:
        raise CloudProblem(f"The data of its image cannot be put on this host: {error.strerror}.") from error


def make_disk(machine: Machine, folder: Folder) -> None:
    """Make an empty overlay, as large as the flavor says and never smaller than the image, unless it is there.

    Raises:
        CloudProblem: it could not be made.
    """
    disk = folder.disk(machine.disk_number)
    if disk.exists():
        return
    for left in folder.path.glob("disk.*.part"):
        left.unlink(missing_ok=True)
    # Its own name: the qemu-img of a worker that was killed may still write to another one.
    part = folder / f"disk.{machine.disk_number}.{uuid4().hex}.part"
    # "-u": the base is not opened, for it comes from strangers and nothing is to be learned from it.
    kind = ("-q", "-f", "qcow2", "-u", "-F", QEMU_NAMES[machine.image.disk_format])
    base = f"../bases/{machine.image.data_id}"
    argv = (sandbox.find_program(settings.QEMU_IMG), "create", *kind, "-b", base, f"file:{part}", str(size_of(machine)))
    done = subprocess.run(argv, capture_output=True, timeout=CREATE_SECONDS, check=False)  # noqa: S603 - no shell
    if done.returncode:
        raise CloudProblem(f"Its disk could not be made: {_last_line(done.stderr)}")
    part.rename(disk)


def seed_of(folder: Folder) -> Path:
    """Where the small disk lies that tells the guest who it is."""
    return (folder / "seed").resolve()


def make_seed(machine: Machine, folder: Folder) -> None:
    """Write down what the guest is told of itself: its name, the keys it lets in, and the user data.

    Raises:
        CloudRefused: the user data is too long.
    """
    try:
        content = seed(machine)
    except ValueError as error:
        raise CloudRefused(f"Its user data is too long. {error}") from error
    part = folder / "seed.part"
    part.write_bytes(content)
    part.rename(seed_of(folder))


def size_of(machine: Machine) -> int:
    """Bytes of the disk as the guest sees it."""
    return max(machine.disk * GIB, -(-machine.image.virtual_size // SECTOR) * SECTOR)


def remove_old_disks(folder: Folder, *, below: int) -> None:
    """Remove the disks that a rebuild leaves behind."""
    for path in folder.path.glob("disk.*.qcow2"):
        if int(path.name.split(".")[1]) < below:
            path.unlink()


def collect() -> None:
    """Remove what nobody needs: bases of no machine, and what is left of machines that are gone."""
    with host_locked():
        needed = _needed()
        for path in (settings.SERVERS_DIR / "bases").glob("*"):
            if path.name.partition(".")[0] not in needed:
                path.unlink(missing_ok=True)
    for path in settings.SERVERS_DIR.glob("gone.*"):
        shutil.rmtree(path, ignore_errors=True)


def require_programs() -> None:
    """Refuse where QEMU is not installed, or cannot be locked in.

    Raises:
        CloudMissing: with what to do.
    """
    if reason := why_not():
        raise CloudMissing(reason)


def _link(source: Path, base: Path) -> None:
    try:
        os.link(source, base)
    except FileExistsError:
        return  # another worker was quicker
    except OSError as error:  # another file system, or one without links
        raise ImageNeeded(BEING_BROUGHT) from error


def _needed() -> set[str]:
    """The image data of all machines, however far they are."""
    return {made.data_id for folder in folders() if (made := folder.made())}


@contextmanager
def _alone_at(path: Path) -> Iterator[Path]:
    """Keep all others from writing a file, which is gone afterwards. The kernel lets go of it for a killed worker.

    Raises:
        CloudBusy: somebody else is at it.
    """
    with path.open("ab") as file:
        if not locked_at(file.fileno(), path):
            raise CloudBusy("Another worker brings it.")
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _reserve(part: Path, size: int) -> None:
    """Make the file as large as it will be, so that everybody who looks for room knows what is still to come.

    Raises:
        CloudProblem: there is too little room now.
    """
    with host_locked():
        os.truncate(part, 0)
        if free_room() < size:
            raise CloudProblem("This host has no room left for its image. Whoever runs the panel can make some.")
        os.truncate(part, size)


def free_room() -> int:
    """Bytes that machines and their images may still fill, without what is being brought or copied; under the lock."""
    files = [path.stat() for path in (settings.SERVERS_DIR / "bases").glob("*.part")]
    to_come = sum(max(0, file.st_size - file.st_blocks * SECTOR) for file in files)
    kept: int = settings.SERVERS_ROOM * MIB
    return shutil.disk_usage(settings.SERVERS_DIR).free - kept - to_come - promised()


def _write(part: Path, data: Bytes) -> None:
    """Write all of it, and have it survive a power cut.

    Raises:
        CloudProblem: there are fewer bytes than there should be.
    """
    with part.open("r+b") as file:
        for chunk in data:
            file.write(chunk)
        if file.tell() != len(data):
            raise CloudProblem("The data of its image could not be read to its end.")
        file.flush()
        os.fsync(file.fileno())


def _put_in_place(part: Path, base: Path) -> None:
    with host_locked():  # nobody collects meanwhile
        if base.name in _needed():
            part.rename(base)


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "qemu-img says nothing more."
