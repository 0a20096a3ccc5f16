"""What can go wrong with image data, as errors that a page or a JSON answer can show as they are."""


class DataProblem(Exception):
    """Image data cannot be taken or given, and ``str(problem)`` tells a person why and what to do.

    Attributes:
        code: a short word that programs may rely on; it never changes for the same problem.
        status: the HTTP status of an answer that is about this problem and nothing else.
    """

    code: str = "data-problem"
    status: int = 500


class StoreProblem(DataProblem):
    """The store could not do what it was asked to."""

    code = "store-error"


class StoreFull(StoreProblem):
    """There is no room left for more image data."""

    code = "store-full"
    status = 507


class NoSuchData(StoreProblem):
    """The store has nothing under this key."""

    code = "no-such-data"
    status = 404


class WrongOffset(StoreProblem):
    """A chunk does not begin where the data received so far ends."""

    code = "wrong-offset"
    status = 409


class HashingFailed(DataProblem):
    """A checksum could not be computed, so that nobody could ever tell whether the data is right."""

    code = "hashing-failed"


class BrokenUpload(DataProblem):
    """The body of a request ended before all of it had come."""

    code = "broken-upload"
    status = 400


class LengthRequired(DataProblem):
    """A request says neither how long its body is nor that it comes in chunks (RFC 9110 section 15.5.12)."""

    code = "length-required"
    status = 411


class UnreadableForm(DataProblem):
    """A multipart form breaks the rules of RFC 7578, or of the panel: one file, in the field "file"."""

    code = "unreadable-form"
    status = 400


class TooLarge(DataProblem):
    """More bytes than one image may have."""

    code = "too-large"
    status = 413


class WriterReplaced(StoreProblem):
    """Another writer has taken over this data: the line was thought dead, or somebody sends the file a second time."""

    code = "replaced"
    status = 409


class DamagedData(StoreProblem):
    """Stored data is not what it was when it was checked; it is never given out."""

    code = "damaged-data"
    status = 409


class CannotContinue(DataProblem):
    """What has come so far cannot be gone on with; the file has to be sent from its beginning."""

    code = "cannot-continue"
    status = 409


class WrongChecksum(DataProblem):
    """The bytes that came are not those that were promised."""

    code = "wrong-checksum"
    status = 422


class QuotaExceeded(DataProblem):
    """The account has no room for it."""

    code = "quota-exceeded"
    status = 403


class Busy(DataProblem):
    """Too many transfers at once; it works a little later."""

    code = "busy"
    status = 503


class WrongPart(DataProblem):
    """A part of a file does not hash to what its request says (460 of the tus protocol); it is not kept."""

    code = "wrong-part"
    status = 460


class Gone(DataProblem):
    """What was asked for was here, and will not come back."""

    code = "gone"
    status = 410


class WrongRequest(DataProblem):
    """A request breaks the rules of its protocol: a mistake of the program that sent it.

    Args:
        status: the status that the protocol has for this mistake.
    """

    code = "wrong-request"

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
