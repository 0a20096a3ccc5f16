"""Background tasks of images."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from images import actions


def clean_up() -> str:
    """Remove what the records say that nobody needs. Safe to run at any time, and twice."""
    return _told(actions.collect(remove=True, look_into_stores=False))


def collect() -> str:
    """The same, and what lies in the stores without a record."""
    return _told(actions.collect(remove=True))


def verify(data_id: str) -> None:
    """Read some image data and compare it with its checksum: something is said to be wrong with it."""
    actions.verify_data(UUID(data_id), bytes_per_second=settings.VERIFY_BYTES_PER_SECOND)


def verify_next() -> str:
    """Verify for a while what has waited longest."""
    verdicts = list(actions.verify_next(seconds=settings.VERIFY_SECONDS))
    wrong = sum(1 for verdict in verdicts if not verdict.is_right)
    return f"{len(verdicts)} image data verified, {wrong} damaged."


def move_data(data_id: str, store: str) -> str:
    """Move image data to where its region keeps it."""
    return actions.move_data(UUID(data_id), store).name


def run_import(upload_id: str) -> None:
    """Fetch what an import lacks."""
    actions.run_import(UUID(upload_id))


def unpack(upload_id: str) -> None:
    """Unpack an archive that has come."""
    actions.unpack_upload(UUID(upload_id))


def complete(upload_id: str) -> None:
    """Complete an upload whose bytes have all come."""
    actions.complete_upload(UUID(upload_id))


def attend_to_uploads() -> str:
    """Have somebody go on with what came whole before the process died that took it."""
    return f"{actions.attend_to_uploads()} uploads are gone on with."


def run_look(check_id: int) -> None:
    """Look inside of image data."""
    actions.run_look(check_id)


def run_conversion(upload_id: str) -> None:
    """Convert an image into another format."""
    actions.run_conversion(UUID(upload_id))


def follow_plans() -> str:
    """Do what people planned for this moment, and tell consumers of what comes within a day."""
    return f"{actions.carry_out_due()} planned changes are due, {actions.warn_of_planned()} come within a day."


def follow_ends() -> str:
    """Delete what is retired, and tell consumers of what ends soon. Safe to run at any time, and twice."""
    return f"{actions.delete_retired()} retired images deleted, {actions.warn_of_ends()} warnings."


def _told(finds: Iterable[actions.Find]) -> str:
    """What was removed, in a line for the list of tasks."""
    kinds = Counter(find.kind for find in finds if not find.problem)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "Nothing was left over."
