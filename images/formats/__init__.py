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
  table that names it has passed already and stays unread.
- A polyglot is refused, except for the boot sector of a hybrid ISO, which is there on purpose.
"""

from images.formats.inspector import Inspection, Inspector, recognised
from images.formats.refusals import Reason, RefusedImage

__all__ = ["Inspection", "Inspector", "Reason", "RefusedImage", "recognised"]
