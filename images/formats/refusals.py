"""Why a file is refused."""

from enum import StrEnum

from images.problems import DataProblem


class Reason(StrEnum):
    """The codes of refusals, for programs; the message is for people."""

    EMPTY = "empty"
    ARCHIVE = "archive"
    NOT_AN_ARCHIVE = "not-an-archive"
    TOO_MUCH = "unpacks-to-too-much"
    NOT_A_DISK = "not-a-disk"
    UNSUPPORTED_FORMAT = "unsupported-format"
    UNSUPPORTED_FEATURES = "unsupported-features"
    OTHER_FILE = "needs-another-file"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    TRUNCATED = "truncated"
    TWO_FORMATS = "two-formats"
    OTHER_FORMAT = "other-format"
    VIRTUAL_SIZE = "virtual-size"


class RefusedImage(DataProblem):
    """A file that we do not take; the message says why and what to do."""

    status = 422

    def __init__(self, code: Reason, message: str) -> None:
        super().__init__(message)
        self.code = code


def truncated(disk_format: str) -> RefusedImage:
    """The refusal of a file that is shorter than it says itself."""
    return RefusedImage(
        Reason.TRUNCATED,
        f"This {disk_format} file ends too early: parts that it names are missing. Download or copy it again, "
        "and compare its checksum with the source.",
    )


def damaged(disk_format: str, what: str) -> RefusedImage:
    """The refusal of a file that contradicts itself."""
    return RefusedImage(
        Reason.DAMAGED,
        f"This {disk_format} file is damaged: {what}. Download or copy it again, or convert it anew with qemu-img.",
    )


def encrypted(disk_format: str) -> RefusedImage:
    """The refusal of a disk that nobody could start without a passphrase."""
    return RefusedImage(
        Reason.ENCRYPTED,
        f"This {disk_format} file is encrypted as a whole, and servers have no passphrase to start it. Convert it "
        "with qemu-img to an unencrypted one; partitions inside may stay encrypted.",
    )


def disk_in_disk(disk_format: str) -> RefusedImage:
    """The refusal of an image file that is packed into another one like a disk."""
    return RefusedImage(
        Reason.TWO_FORMATS,
        f"The disk inside of this {disk_format} file is no disk, but one more image file. Take it out with "
        "“qemu-img convert -O raw FILE inner”, and upload that.",
    )


def two_formats() -> RefusedImage:
    """The refusal of a polyglot."""
    return RefusedImage(
        Reason.TWO_FORMATS,
        "This file is of two formats at once, so that nobody can say what a server would start. "
        "Convert it to qcow2 and upload the result.",
    )


def other_format(expected: str, found: str) -> RefusedImage:
    """The refusal of a file that is not what it was said to be: a qcow2 as a raw disk starts nothing.

    The sentence begins as Glance's (wire contract, section C).
    """
    return RefusedImage(
        Reason.OTHER_FORMAT,
        f"Image disk_format {expected} does not match stream data {found}. "
        f"Say that it is {found}, or send another file.",
    )


def other_file(disk_format: str, what: str) -> RefusedImage:
    """The refusal of a file that is nothing without another one, which it would make a server read."""
    return RefusedImage(
        Reason.OTHER_FILE,
        f"This {disk_format} file {what}, and an image has to be complete by itself. "
        "Run “qemu-img convert -O qcow2 FILE complete.qcow2” beside the other file, and upload the result.",
    )
