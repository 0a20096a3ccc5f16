"""Ending tokens before their time."""

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from api.models import RevokedToken
from api.tokens import Token


@transaction.atomic
def revoke_token(token: Token) -> None:
    """End a token, and all that were made from it.

    Rows about tokens whose time is over anyway go with each new one, so that there are never more than one hour's.
    """
    RevokedToken.objects.filter(expires_at__lt=timezone.now()).delete()
    ends = datetime.fromtimestamp(token.expires, tz=UTC)
    RevokedToken.objects.get_or_create(audit_id=token.audit_ids[0], defaults={"expires_at": ends})
