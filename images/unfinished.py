"""Files that somebody has begun to send and that are no image yet, as the upload page goes on with them."""

from dataclasses import dataclass

from accounts.viewer import Viewer
from images.incoming import Arrival, State, incoming_of
from images.models import Upload

Status, Origin = Upload.Status, Upload.Origin


@dataclass(frozen=True)
class Unfinished:
    """A row of "Unfinished uploads", and the upload that the page is opened for."""

    arrival: Arrival

    @property
    def upload(self) -> Upload:
        """The row itself."""
        return self.arrival.upload

    @property
    def state(self) -> State:
        """What it is at, in the words of "On its way"."""
        return self.arrival.state

    @property
    def percent(self) -> int | None:
        """How far it is, where that is not over."""
        return self.arrival.percent if self.arrival.has_progress else None

    @property
    def invitation(self) -> str:
        """What to do to go on with it."""
        from_here = "" if self.percent is None else f" to go on from {self.percent} %"
        return f"Choose “{self.upload.filename or 'the file'}” again{from_here}"

    @property
    def next(self) -> str:
        """What can be done: "continue" with the same file, "use" what has come, or nothing but to discard it."""
        match self.upload.status:
            case Status.RECEIVED:
                return "use"
            case Status.PROCESSING:
                return "" if self.upload.plan else "use"
            case Status.FAILED:
                return ""
        return "continue"


def unfinished_of(viewer: Viewer) -> list[Unfinished]:
    """What the viewer can go on with on the upload page, the newest first: what is sent, and whatever has come."""
    return [
        Unfinished(arrival)
        for arrival in incoming_of(viewer).arrivals
        if arrival.upload.origin == Origin.UPLOAD or arrival.upload.status == Status.RECEIVED
    ]
