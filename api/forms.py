"""What people type about application credentials."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.validators import is_one_line
from accounts.viewer import Viewer
from api.models import LONGEST_DESCRIPTION, ApplicationCredential
from images.forms.planning import DayField

MEANINGS = {
    Role.OBSERVER: "lists and downloads images, and sees whom they are shared with",
    Role.CREATOR: "also adds images and offers them to others",
    Role.ADMIN: "also edits and deletes images, and decides on offers",
}
ON_A_DAY, NO_END = "day", "none"
PERIODS = {"30": "In 30 days", "90": "In 90 days", "365": "In a year"}
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


class CredentialForm(forms.Form):
    """A new credential: what it is for, what it may do, and until when."""

    name = forms.CharField(
        max_length=ApplicationCredential.name.field.max_length,
        validators=[is_one_line],
        help_text="What it is for, like “nightly builds”.",
        error_messages={"required": "Enter a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    description = forms.CharField(
        required=False,
        max_length=LONGEST_DESCRIPTION,
        help_text="Where it is kept, and who looks after it.",
        widget=forms.Textarea(attrs={"rows": 2, "data-optional": ""}),  # the form's one field that may stay empty
    )
    role = forms.TypedChoiceField(coerce=Role, widget=forms.RadioSelect, initial=Role.OBSERVER)
    ends = forms.ChoiceField(
        label="Ends",
        choices=[*PERIODS.items(), (ON_A_DAY, "On a day of your choice"), (NO_END, "Never")],
        initial="90",
    )
    last_day = DayField(label="Last day", required=False, help_text="It ends at the end of that day, UTC.")

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [(each.value, f"{each.label}: {MEANINGS[each]}") for each in roles_for(viewer)]
        role.help_text = (
            f"At most yours: you are {viewer.role.with_article}. No credential manages people, keys or credentials."
        )
        self.fields["last_day"].widget.attrs["min"] = f"{timezone.localdate() + timedelta(days=1):%Y-%m-%d}"

    def clean(self) -> dict[str, Any]:
        """Ask for the day where one is wanted, and forget what is wrong with it where none is."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("ends") != ON_A_DAY:
            self.errors.pop("last_day", None)
        elif not cleaned.get("last_day") and "last_day" not in self.errors:
            self.add_error("last_day", "Choose the last day.")
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """What the action takes."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "description": given["description"],
            "role": given["role"],
            "expires_at": self._end(),
        }

    def add_error(self, field: str | None, error: Any) -> None:
        """Put what the action says of the end at the field from which it comes."""
        if hasattr(error, "error_dict") and "expires_at" in error.error_dict:
            error.error_dict["ends"] = error.error_dict.pop("expires_at")
        super().add_error(field, error)

    def _end(self) -> datetime | None:
        ends = self.cleaned_data["ends"]
        if ends == NO_END:
            return None
        last: date = self.cleaned_data["last_day"] if ends == ON_A_DAY else _last_day(int(ends))
        return datetime.combine(last, END_OF_DAY)


class SecretForm(forms.Form):
    """The secret that a page has just shown, given back for a file."""

    secret = forms.CharField(max_length=255, strip=False)


def roles_for(viewer: Viewer) -> Sequence[Role]:
    """The roles that a credential of a viewer may have, the least first."""
    return [role for role in ROLES_OF_KIND[Kind.ACCOUNT] if viewer.role.includes(role)]


def _last_day(days: int) -> date:
    return timezone.now().astimezone(UTC).date() + timedelta(days=days)
