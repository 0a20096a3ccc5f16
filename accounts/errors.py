"""How an action says no. All of these are raised before the first write.

- What the viewer cannot see: ``django.http.Http404``.
- What they see but may not do: ``django.core.exceptions.PermissionDenied``, with the reason.
- Wrong input: ``django.core.exceptions.ValidationError``, per field.
- Somebody else was quicker, or the state does not allow it: ``Conflict``.
"""

from django.core.exceptions import ValidationError


def wrong(field: str, text: str, code: str) -> ValidationError:
    """What is wrong with one field of a form. Django forgets the code when it is given beside a dictionary."""
    return ValidationError({field: ValidationError(text, code=code)})


class Conflict(Exception):
    """The thing is not in the state that the action needs. The message tells a person what happened."""
