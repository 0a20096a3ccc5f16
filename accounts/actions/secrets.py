"""Encrypting stored secrets anew, when the secret key of the panel changes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import models, transaction

from accounts import hooks
from accounts.encryption import SECOND_FACTOR, Rotation, SecretLost, encrypted_anew

Anew = Callable[[str], str]  # from a secret as it is stored to the same one under the key of today


def rotate_secrets() -> list[Rotation]:
    """Encrypt every stored secret of every app under the key of today. May be stopped, and run again."""
    return [rotate_second_factors(), *(rotation for each in hooks.secrets.ask() for rotation in each)]


def rotate_second_factors() -> Rotation:
    """Encrypt what second factors need anew."""
    return rotate("second factors", Authenticator.objects.all(), {"data": _factor_anew}, purpose=SECOND_FACTOR)


def rotate(
    what: str, rows: "models.QuerySet[Any]", columns: Mapping[str, Callable[[Any, Anew], Any] | None], *, purpose: str
) -> Rotation:
    """Encrypt columns of a table anew, each row in a transaction of its own, so that nobody has to wait.

    Args:
        columns: by name, how a value is encrypted anew; None where the value is the secret, or empty.
        purpose: of their encryption.
    """
    done, lost = 0, []
    anew = partial(encrypted_anew, purpose=purpose)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        try:
            done += _row_anew(rows, pk, columns, anew)
        except SecretLost:
            lost.append(str(pk))
    return Rotation(what, done, lost)


@transaction.atomic
def _row_anew(rows: "models.QuerySet[Any]", pk: Any, columns: Mapping[str, Any], anew: Anew) -> int:
    """One row; how many rows that were, for it may have gone meanwhile."""
    row = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        return 0
    values = {name: getattr(row, name) for name in columns}
    changed = {name: (columns[name] or _text_anew)(value, anew) for name, value in values.items() if value}
    # A plain update: no time of a change is touched, for nobody has changed anything.
    return rows.filter(pk=pk).update(**changed) if changed else 0


def _text_anew(value: str, anew: Anew) -> str:
    return anew(value)


def _factor_anew(data: dict[str, Any], anew: Anew) -> dict[str, Any]:
    """What allauth keeps of a second factor: the secret of an app, or the seed of recovery codes."""
    return data | {name: anew(data[name]) for name in ("secret", "seed") if name in data}
