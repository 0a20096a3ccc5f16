"""What goes with an offer, however the recipient is named: message, end, rights, and the questions before sharing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from accounts.viewer import Viewer
from images.descent import ALLOWED, come_from_others
from images.models import Image
from images.permissions import BOOT_ONLY
from sharing.actions import Terms
from sharing.lasting import Lasting, lasting_by
from sharing.rules import rules_of

MESSAGE_LENGTH = 1000
PERIODS = (30, 90)  # days
ON_A_DATE = "date"
OPTIONAL = {"data-optional": ""}  # says so in a form in which not every field that may stay empty does (form.css)
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)

# By name: what the producer has to be sure of.
QUESTIONS = {
    "licences": "Licences allow it",
    "secrets": "No keys or secrets in it",
    "malware": "No malware in it",
}
TERMS = {"terms": ALLOWED}


def questions_about(images: Sequence[Image]) -> dict[str, str]:
    """What the producer has to be sure of, for all images together. A query for each generation of their parents."""
    return QUESTIONS | TERMS if come_from_others(images) else QUESTIONS


class AttemptForm(forms.Form):
    """A form for an action that may also complain about fields which stand elsewhere: then it says so on top."""

    def add_error(self, field: str | None, error: Any) -> None:
        """Put a message at its field, if it is here."""
        if not hasattr(error, "error_dict"):
            super().add_error(field, error)
            return
        for name, errors in error.error_dict.items():
            super().add_error(name if name in self.fields else None, ValidationError(errors))


class TermsForm(AttemptForm):
    """What goes with an offer of these images, and the questions before sharing."""

    message = forms.CharField(
        required=False, max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs=OPTIONAL | {"rows": 2})
    )
    until = forms.ChoiceField(label="Until", required=False)
    until_date = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It ends at the end of that day, UTC.",
    )
    export = forms.BooleanField(
        label="They may also download and copy it, not only boot servers from it", required=False, initial=True
    )
    future = forms.BooleanField(label="Include later versions", required=False)
    questions = forms.MultipleChoiceField(
        label="Before you share, make sure",
        widget=forms.CheckboxSelectMultiple,
        required=False,  # clean_questions names the one that is missing
    )

    def __init__(self, *args: Any, viewer: Viewer, images: Sequence[Image], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._images = images
        self._questions = questions_about(images)
        self.choose_from("questions", list(self._questions.items()))
        self._offer_periods(lasting_by(rules_of(viewer.account)))
        self._offer_later_versions()
        self._offer_data()

    def choose_from(self, name: str, choices: list[tuple[Any, str]]) -> None:
        """Give a field its choices; without any it is not there."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if not choices:
            del self.fields[name]

    def _offer_periods(self, lasting: Lasting) -> None:
        most, usual = lasting.max_days, lasting.default_days
        periods = sorted({*PERIODS, *([usual] if usual else [])})
        longest = f"{most} days, the longest allowed" if most else "No end"
        choices = [(str(days), _period(days)) for days in periods if not most or days < most]
        self.choose_from("until", [("", longest), *choices, (ON_A_DATE, "A date of your choice")])
        self.fields["until"].initial = "" if usual == most else str(usual or "")

    def _offer_later_versions(self) -> None:
        families = {image.family.name for image in self._images if image.family}
        if not families:
            del self.fields["future"]
        elif len(families) == 1:
            self.fields["future"].label = f"Include later versions of {families.pop()}, if they want them"
        else:
            self.fields["future"].label = "Include later versions of the families of these images, if they want them"

    def _offer_data(self) -> None:
        """Whoever gets the data of one of them is told where there is no choice."""
        limited = [image for image in self._images if image.is_boot_only]
        if len(limited) == len(self._images):
            self.fields["export"].disabled = True
            self.fields["export"].initial = False
            self.fields["export"].help_text = BOOT_ONLY
        elif limited:
            self.fields["export"].help_text = f"Not {len(limited)} of them, made from images that could only be booted."

    def clean_questions(self) -> list[str]:
        """All of them are ticked; those that are not are named."""
        ticked: list[str] = self.cleaned_data["questions"]
        if missing := [f"“{label}”" for name, label in self._questions.items() if name not in ticked]:
            raise ValidationError(f"Look, and then tick {', '.join(missing)}.")
        return ticked

    def clean(self) -> None:
        """Ask for the date, where there is to be one."""
        super().clean()
        if self.cleaned_data.get("until") == ON_A_DATE and "until_date" not in self.errors:
            self._require_date()

    def _require_date(self) -> None:
        if not self.cleaned_data.get("until_date"):
            self.add_error("until_date", ValidationError("Choose the last day.", code="required"))

    @property
    def terms(self) -> Terms:
        """What goes with the offer, of a valid form."""
        data = self.cleaned_data
        return Terms(data["message"], data["export"], self._end(), offers_future=data.get("future", False))

    def _end(self) -> datetime | None:
        """The end of the last day."""
        until = self.cleaned_data["until"]
        if not until:
            return None
        last: date = self.cleaned_data["until_date"] if until == ON_A_DATE else _last_day(int(until))
        return datetime.combine(last, END_OF_DAY)


def _last_day(days: int) -> date:
    return timezone.now().astimezone(UTC).date() + timedelta(days=days)


def _period(days: int) -> str:
    return f"{days} days, until {date_format(_last_day(days), 'j F Y')}"
