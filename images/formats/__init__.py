"""Recognising image formats, and refusing what is dangerous, damaged or no disk at all.

``Inspector`` is fed while an upload streams by. It holds two opinions against each other: our own reading of each
format's structure, and that of oslo.utils, the library that OpenStack uses since CVE-2022-47951 and CVE-2024-32498.
"""

from images.formats.inspector import Inspection, Inspector
from images.formats.refusals import Reason, RefusedImage

__all__ = ["Inspection", "Inspector", "Reason", "RefusedImage"]
