"""Disks of machines: an overlay for each, above image data that all machines share and none can change."""

import os
import shutil
import subprocess
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from images import sandbox
from images.actions.health import local_file
from images.conversions import QEMU_NAMES
from images.models import ImageData
from images.problems import DataProblem
from servers.clouds.base import CloudMissing, CloudProblem, CloudRefused, Machine
from servers.clouds.local.folder import Folder, folders, host_locked
from servers.clouds.local.needs import why_not
from servers.clouds.local.seed import seed

GIB = 1024**3
SECTOR = 512  # bytes
CREATE_SECONDS = 60


def base_of(data_id: object) -> Path:
    """Where the image data lies while any machine needs it. Its store may move or remove it meanwhile."""
    return Path(settings.SERVERS_DIR) / "bases" / str(data_id)


def bring_base(machine: Machine) -> None:
    """Have the image data here: the file of the store under a second name, or a copy.

    Raises:
        CloudRefused: the data is gone or damaged.
        CloudProblem: it could not be read now, or this host has no room for it.
    """
    base = base_of(machine.image.data_id)
    if base.exists():
        return
    base.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = base.with_name(f"{base.name}.{machine.id}")
    part.unlink(missing_ok=True)
    try:
        with data_file(machine.image.data_id) as source:
            _link_or_copy(source, part)
        part.rename(base)
    except ImageData.DoesNotExist as error:
        raise CloudRefused("The data of its image is gone.") from error
    except DataProblem as error:
        raise CloudProblem(f"The data of its image cannot be read: {error}") from error
    except OSError as error:
        raise CloudProblem(f"The data of its image cannot be put on this host: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def data_file(data_id: UUID) -> AbstractContextManager[Path]:
    """Image data as a file, as its store has it."""
    return local_file(ImageData.objects.get(pk=data_id))


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
        needed = {made.data_id for folder in folders() if (made := folder.made())}
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


def _link_or_copy(source: Path, target: Path) -> None:
    with suppress(OSError):  # another file system, or one without links
        os.link(source, target)
        return
    shutil.copyfile(source, target)


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "qemu-img says nothing more."
