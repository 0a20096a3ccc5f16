"""How the actions of this app write down what happened to an account, group or organization."""

from typing import Any

from accounts.models import Account, AnyGroup, Event, User
from accounts.records import record
from accounts.viewer import Viewer


def record_of_group(verb: str, group: AnyGroup, *, by: Viewer | User, **detail: Any) -> Event:
    """Write an event that everybody in the group sees, and nobody else.

    Args:
        verb: past tense ("invited").
        detail: the private part: whom it was about, what changed.
    """
    actor = by.user if isinstance(by, Viewer) else by
    if isinstance(group, Account):
        return record(
            verb,
            subject_kind=group.kind,
            subject_id=group.number,
            subject_name=group.title,
            by=actor,
            account=group,
            **detail,
        )
    return record(
        verb,
        subject_kind=group.kind,
        subject_id=group.pk,
        subject_name=group.title,
        by=actor,
        counterpart=group.group_ptr,
        **detail,
    )
