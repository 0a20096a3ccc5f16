"""Setting how the accounts of an organization may share. What is shared already stays, and shows as exposed."""

from typing import Any

from django.db import transaction

from accounts.actions.events import record_of_group
from accounts.models import Organization
from accounts.permissions import Verb, lock
from accounts.viewer import Viewer
from sharing import circulars
from sharing.models import Rules


@transaction.atomic
def set_rules(organization: Organization, *, by: Viewer, **settings: Any) -> Rules:
    """Say how all accounts of an organization may share, from now on.

    Who offers takes the row of the organization, too: after this, nothing goes out by the rules of before.

    Args:
        settings: columns of ``Rules``.

    Raises:
        Http404: the viewer is not in it.
        PermissionDenied: only a manager.
        ValidationError: per field.
    """
    group = lock(organization, by=by, verb=Verb.SET_RULES)
    rules = Rules.objects.select_for_update().filter(organization=group.pk).first() or Rules(organization=group)
    old = rules.in_words
    for name, value in settings.items():
        setattr(rules, name, value)
    rules.full_clean(exclude=["organization"], validate_unique=False)
    if (new := rules.in_words) != old:
        rules.save()
        record_of_group("rules changed", group, by=by, old=old, new=new)
        circulars.rules_changed(group, by)
    return rules
