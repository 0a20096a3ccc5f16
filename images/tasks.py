"""Background tasks of images."""

from uuid import UUID

from images import actions


def clean_up() -> str:
    """Throw away uploads whose time is over, then data that nobody needs. Safe to run at any time, and twice."""
    uploads = sum(1 for _upload in actions.discard_expired_uploads(dry_run=False))
    data = sum(1 for _data in actions.collect_data(dry_run=False))
    return f"{uploads} uploads and {data} image data removed."


def run_look(check_id: int) -> None:
    """Look inside of image data."""
    actions.run_look(check_id)


def run_conversion(upload_id: str) -> None:
    """Convert an image into another format."""
    actions.run_conversion(UUID(upload_id))


def complete(upload_id: str) -> None:
    """Complete an upload whose bytes have all come."""
    actions.complete_upload(UUID(upload_id))


def attend_to_uploads() -> str:
    """Have somebody go on with what came whole before the process died that took it."""
    return f"{actions.attend_to_uploads()} uploads are gone on with."


def run_import(upload_id: str) -> None:
    """Fetch what an import lacks."""
    actions.run_import(UUID(upload_id))


def unpack(upload_id: str) -> None:
    """Unpack an archive that has come."""
    actions.unpack_upload(UUID(upload_id))
