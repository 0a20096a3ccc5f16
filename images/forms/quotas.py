"""What people and staff type about quotas."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from images.models import Quota
from images.quotas import ASKED_FOR, Counted, Limits
from images.sizes import exact_size, parse_size

MOST_BYTES = 2**63 - 1  # what the column holds
MOST_IMAGES = 2**31 - 1  # as for bytes


class SizeField(forms.CharField):
    """A number of bytes, typed with its unit: "1.5 TiB"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"autocomplete": "off"}), max_length=40, **options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            number = parse_size(text)
        except ValueError:
            raise ValidationError("Enter a number with its unit, like 500 GiB or 2 TiB.", code="invalid") from None
        if number > MOST_BYTES:
            raise ValidationError("That is more than there can be. The most is just under 8192 PiB.", code="too_large")
        return number

    def prepare_value(self, value: Any) -> Any:
        return exact_size(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class QuotaRequestForm(forms.Form):
    """How much an account wants to have altogether, and why. At least one of the two is more than now."""

    bytes = SizeField(label="Image data", required=False)
    images = forms.IntegerField(label="Images", required=False, min_value=1, max_value=MOST_IMAGES)
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        error_messages={"required": "Say what you need it for, so that staff can decide."},
        help_text="What you need it for. Staff read this.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*args, **options)
        self.limits = limits
        for counted in ASKED_FOR:
            if (limit := limits[counted]) is None:
                del self.fields[counted]  # there is no limit that could be larger
            else:
                self.fields[counted].help_text = _help(counted, limit)

    @property
    def wanted(self) -> dict[Counted, int | None]:
        """What was asked for; None where nothing was."""
        return {counted: self.cleaned_data.get(counted) for counted in ASKED_FOR}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [counted for counted in ASKED_FOR if data.get(counted) is not None]
        for counted in given:
            limit = self.limits[counted]
            if limit is not None and data[counted] <= limit:
                text = f"The account may have {counted.write(limit)} already. Enter more, or nothing."
                self.add_error(counted, ValidationError(text, code="not_more"))
        if not given and not self.errors.keys() & set(ASKED_FOR):
            raise ValidationError("Say how much image data, or how many images, the account should have.")
        return data


def _help(counted: Counted, limit: int) -> str:
    now = f"Now {counted.write(limit)}. Leave it empty if that is enough."
    return f"With its unit, like {counted.write(limit * 2)}. {now}" if counted is Counted.BYTES else now


class QuotaForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What staff set for one account."""

    bytes = SizeField(label="Image data", required=False)

    class Meta:
        model = Quota
        fields = ("account", "bytes", "images", "uploads", "imports", "note")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for counted in Counted:
            everybody = counted.name_amount(settings.QUOTA[counted])
            unit = "With its unit, like 2 TiB. " if counted is Counted.BYTES else ""
            self.fields[counted].label = counted.label
            self.fields[counted].help_text = f"{unit}Empty: as for everybody, {everybody}."


class AnswerForm(forms.Form):
    """Why staff refuse a request."""

    answer = forms.CharField(
        label="Answer",
        max_length=2000,
        error_messages={"required": "Say why, so that the account knows what to do instead."},
        help_text="The admins of the account read this, in the panel and by mail.",
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
    )
