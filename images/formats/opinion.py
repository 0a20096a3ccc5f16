"""What oslo.utils, the library of OpenStack, says about the same stream."""

import copyreg
from collections.abc import Callable
from typing import Any

from oslo_utils.imageutils import format_inspector as oslo

from images.formats.raw import Raw
from images.formats.refusals import Reason, RefusedImage, damaged, two_formats
from images.formats.structure import Structure


class SecondOpinion:
    """All inspectors of oslo.utils at once, without its wrapper: that one pulls a stream, and cannot be pickled."""

    def __init__(self) -> None:
        self._looking = [inspector() for name, inspector in oslo.ALL_FORMATS.items() if name != "raw"]
        self._failed: list[oslo.FileInspector] = []

    def feed(self, block: bytes) -> None:
        """Let every inspector see a block; one that fails sees no more."""
        self._looking = [each for each in self._looking if self._sees(each, block)]

    def check(self, structure: Structure) -> None:
        """Refuse a file that oslo.utils reads as something else, or finds unsafe.

        Raises:
            RefusedImage: the opinions differ, or both agree that it is dangerous.
        """
        for each in self._looking:
            each.finish()
        found = [each for each in (*self._looking, *self._failed) if _matches(each, structure)]
        if frozenset(map(str, found) if found else ["raw"]) not in structure.opinions:
            raise two_formats()
        for each in found:
            if not _is_expected_boot_sector(each, structure):
                _check_safety(each, structure)

    def _sees(self, inspector: oslo.FileInspector, block: bytes) -> bool:
        try:
            inspector.eat_chunk(block)
        except Exception:  # noqa: BLE001 - its parsers raise whatever a hostile file makes them raise
            # One that fails since this is another format is done with; with it goes what it remembers of the file.
            if inspector.format_match:
                self._failed.append(inspector)
            return False
        return True


def _matches(inspector: oslo.FileInspector, structure: Structure) -> bool:
    try:
        return bool(inspector.format_match)
    except Exception as error:  # it may ask for what never came: AttributeError
        raise damaged(structure.disk_format, "it contradicts itself") from error


def _is_expected_boot_sector(found: oslo.FileInspector, structure: Structure) -> bool:
    """Whether a boot sector need not hold a partition table of its own.

    A hybrid ISO has one that overlaps itself on purpose, a VHD may hold any disk, and a file system without a
    partition table has code or nothing where the table would be.
    """
    return str(found) == "gpt" and (not isinstance(structure, Raw) or structure.has_file_system)


def _check_safety(found: oslo.FileInspector, structure: Structure) -> None:
    try:
        found.safety_check()
    except oslo.ImageFormatError as error:
        raise damaged(structure.disk_format, "its end is missing") from error
    except oslo.SafetyCheckFailed as error:
        raise _unsafe(found, structure, _said(error)) from error


def _unsafe(found: oslo.FileInspector, structure: Structure, said: str) -> RefusedImage:
    if str(found) == "gpt":
        return RefusedImage(
            Reason.DAMAGED,
            f"The partition table of this raw disk makes no sense ({said}). Repair it with a tool such as gdisk, "
            "or upload the disk as qcow2.",
        )
    return damaged(structure.disk_format, said)


def _said(error: oslo.SafetyCheckFailed) -> str:
    """The reasons of oslo.utils in the words of a sentence."""
    reasons = "; ".join(str(reason) for reason in error.failures.values())
    return reasons[:1].lower() + reasons[1:] if not reasons[:3].isupper() else reasons


def _reduced(check: oslo.SafetyCheck) -> tuple[Callable[..., oslo.SafetyCheck], tuple[Any, ...]]:
    """How to pickle a safety check: two kinds hold a function that pickle cannot name."""
    nameless = {"null": oslo.SafetyCheck.null, "banned": oslo.SafetyCheck.banned}
    if check.name in nameless:
        return nameless[check.name], ()
    return oslo.SafetyCheck, (check.name, check.target_fn, check.description)


copyreg.pickle(oslo.SafetyCheck, _reduced)
