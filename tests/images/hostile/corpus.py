"""A corpus of hostile image files, made by code; docs/hostile-files.md lists them.

Each row says what a file would do, and what has to become of it. Sources: the advisories of OpenStack and QEMU that
the rows name, the documents of the formats, and what lines and programs break.
"""

from tests.images.hostile import foreign, microsoft, qcow2, raw, vmdk
from tests.images.hostile.rows import Hostile

CHAPTERS: dict[str, tuple[Hostile, ...]] = {
    "qcow2": qcow2.rows(),
    "VMDK": vmdk.rows(),
    "VHD, VHDX and VDI": microsoft.rows(),
    "Raw disks, discs, and files of two formats": raw.rows(),
    "Archives and what is no disk": foreign.rows(),
}
CORPUS: tuple[Hostile, ...] = tuple(row for rows in CHAPTERS.values() for row in rows)
