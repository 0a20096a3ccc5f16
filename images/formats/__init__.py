"""Recognising image formats, and refusing what is dangerous, damaged or no disk at all.

``Inspector`` is fed while an upload streams by. It holds two opinions against each other: our own reading of each
format's structure, and that of oslo.utils, the library that OpenStack uses since CVE-2022-47951 and CVE-2024-32498.

What we decided where the sources leave it open:

- Raw means that nothing was recognised, so a raw disk has to show a partition table or a file system: otherwise random
  bytes, a failed download or an archive would be an "image". An empty disk can be uploaded as qcow2.
- A disk with a partition table is "raw" whatever lies behind it; a hybrid ISO, which has one too, is "iso".
- A disk that is encrypted as a whole (LUKS, or inside of qcow2) is refused: nobody would ask for its passphrase when a
  server starts. Encrypted partitions are the guest's own affair.
- A file that names data behind its own end was cut off. Tables are followed as they pass; one that lies before the
  table that names it is read at the end, if the caller can read the file again (``finish(read)``).
- Tables never overlap, and data never lies where a table does: a guest that writes there would rewrite the file that
  it lives in. A cluster of qcow2 data may have two names: sharing is what reference counts are for.
- What a guest would see in the first sector must not be one more image file: converted to raw, it would be opened as
  that (CVE-2024-32498, CVE-2026-24708). For the same reason a raw disk is never named by guessing alone: its format
  goes with it wherever it is opened.
- Snapshots inside of a qcow2 are refused: deleted files of the past would go out with the disk.
- A VHDX whose log waits is refused: opening it would change what was checked.
- A polyglot is refused, except for the boot sector of a hybrid ISO, which is there on purpose. What lies behind the
  last byte that a disk names (a zip, say) is left alone, unless it is the end of another disk format.
"""

from images.formats.inspector import Inspection, Inspector, recognised
from images.formats.refusals import Reason, RefusedImage

__all__ = ["Inspection", "Inspector", "Reason", "RefusedImage", "recognised"]
