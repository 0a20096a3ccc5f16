"""When a change happens: now, or on a day to come."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

NOW, LATER = "now", "later"
SUGGESTED = timedelta(days=7)
LATEST = timedelta(days=3650)


class DayField(forms.DateField):
    """A day from tomorrow on, within ten years."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)

    def validate(self, value: date | None) -> None:
        """Refuse what is not to come, or too far away."""
        super().validate(value)
        today = timezone.localdate()
        if value and not today < value <= today + LATEST:
            raise ValidationError("Choose a day from tomorrow on, within ten years.", code="range")


class WhenForm(forms.Form):
    """The choice between now and later. What says nothing means now."""

    when = forms.ChoiceField(
        label="When",
        required=False,
        choices=[(NOW, "Now"), (LATER, "On a date")],
        initial=NOW,
        widget=forms.RadioSelect,
    )
    on = DayField(label="Day", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["on"].initial = today + SUGGESTED
        self.fields["on"].widget.attrs["min"] = f"{today + timedelta(days=1):%Y-%m-%d}"

    def clean(self) -> dict[str, Any]:
        """Ask for the day where it matters, and forget what is wrong with it where it does not."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("when") != LATER:
            self.errors.pop("on", None)
            cleaned["on"] = None
        elif not cleaned.get("on") and "on" not in self.errors:
            self.add_error("on", ValidationError("Choose a day.", code="required"))
        return cleaned

    @property
    def moment(self) -> datetime | None:
        """The beginning of the day that was chosen; None for now."""
        day: date | None = self.cleaned_data["on"]
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None
