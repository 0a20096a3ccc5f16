"""Looking into a disk: its partitions one after the other."""

from collections.abc import Callable

from images.inside.disks import Disk, UnreadableDisk, open_disk
from images.inside.filesystems import identify
from images.inside.partitions import Partition, Table, read_table
from images.inside.report import Report, Volume, printable
from images.inside.walking import Walk, Window, open_file_system

Tell = Callable[[Report], None]


def look(path: str, disk_format: str, *, tell: Tell) -> None:
    """Look into a disk, and tell what is known each time that it is more."""
    report = Report()
    try:
        disk = open_disk(path, disk_format)
        table = read_table(disk)
    except (UnreadableDisk, OSError) as error:
        report.problem = str(error)
    else:
        report.table = table.kind
        report.volumes = volumes_of(disk, table)
        if not table.complete:
            report.problem = "There are more partitions than are looked at."
        for volume in report.volumes:
            _look_into(disk, volume, report, tell)
    report.finished = True
    tell(report)


def volumes_of(disk: Disk, table: Table) -> list[Volume]:
    """The partitions; and the whole disk if it has none, or if it is a file system as well."""
    found = [_volume(disk, part) for part in table.partitions]
    whole = _volume(disk, Partition(0, 0, disk.size))
    return found if found and not whole.file_system else [whole, *found]


def _volume(disk: Disk, part: Partition) -> Volume:
    try:
        system = identify(disk, part.start)
    except UnreadableDisk as error:
        return Volume(part.number, part.start, part.size, printable(part.name), why_not=str(error))
    return Volume(part.number, part.start, part.size, printable(part.name), system.title, system.why_not)


def _look_into(disk: Disk, volume: Volume, report: Report, tell: Tell) -> None:
    if not volume.why_not:
        tell(report)
        _walk(disk, volume, report, tell)
    volume.finished = True


def _walk(disk: Disk, volume: Volume, report: Report, tell: Tell) -> None:
    def progress() -> None:
        volume.files, volume.gaps = walk.files, walk.gaps
        tell(report)

    try:
        system = open_file_system(Window(disk), volume.start)
    except (OSError, MemoryError) as error:
        volume.why_not = (
            f"it is damaged ({printable(str(error).splitlines()[0][:100])})" if str(error) else "it is damaged"
        )
        return
    walk = Walk(system, on_found=report.found, on_progress=progress)
    walk.run()
    progress()
