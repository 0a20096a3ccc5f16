"""What producers ask of Who has access, and how they change until when somebody has an image."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from images.cursors import Cursor
from images.forms.planning import DayField, WhenForm
from images.models import Image
from sharing.access import Sort, Wanted
from sharing.forms.terms import END_OF_DAY
from sharing.models import AddressKind, Share

STATUSES = [
    ("", "Any status"),
    ("accepted", "Accepted"),
    ("pending", "Pending Acceptance"),
    ("rejected", "Rejected"),
    ("expired", "Expired"),
    ("ending", "Ends within 30 days"),
    ("ended", "Ended"),
]
USED = [("", "Used or not"), ("yes", "Used"), ("no", "Never used")]
SORTS = [
    (Sort.NEWEST, "Newest first"),
    (Sort.OLDEST, "Oldest first"),
    (Sort.RECIPIENT, "Recipient"),
    (Sort.ENDS, "Ends first"),
]
NO_END = "none"
PERIODS = {"30": "30 more days", "90": "90 more days"}


class AccessForm(forms.Form):
    """The parameters of Who has access. Whatever is no sensible value means "no matter"."""

    q = forms.CharField(label="Search", required=False, max_length=255)
    status = forms.ChoiceField(label="Status", required=False, choices=STATUSES)
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "Any kind"), *AddressKind.choices])
    used = forms.ChoiceField(label="Use", required=False, choices=USED)
    sort = forms.ChoiceField(label="Sort by", required=False, choices=SORTS)
    after = forms.CharField(required=False, widget=forms.HiddenInput)

    def wanted(self, image: Image | None) -> Wanted:
        """What is asked for, as the list takes it."""
        self.is_valid()
        given = self.cleaned_data.get
        sort = Sort(given("sort") or Sort.NEWEST)
        return Wanted(
            image=image,
            q=given("q", ""),
            status=given("status", ""),
            kind=given("kind", ""),
            used=given("used", ""),
            sort=sort,
            after=Cursor.parse(given("after", ""), sort.key_type),
        )


class LastDayForm(WhenForm):
    """Removing a share, now or at the end of a day."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = "Last day"

    @property
    def moment(self) -> datetime | None:
        """The end of the day that was chosen; None for now."""
        return end_of(self.cleaned_data["on"])


class UntilForm(forms.Form):
    """Until when somebody has an image: one of the usual periods from its end on, no end, or a day."""

    until = forms.ChoiceField(
        label="Until", required=False, choices=[*PERIODS.items(), (NO_END, "No end")], widget=forms.RadioSelect
    )
    on = DayField(label="Last day", required=False)

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._share = share
        self.fields["on"].widget.attrs["min"] = f"{timezone.localdate() + timedelta(days=1):%Y-%m-%d}"
        if share.access_until:
            self.fields["on"].initial = share.access_until.date()

    def clean(self) -> dict[str, Any]:
        """Ask for one of both."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("until") and not cleaned.get("on"):
            self.add_error("on", ValidationError("Choose the last day.", code="required"))
        return cleaned

    @property
    def moment(self) -> datetime | None:
        """When it ends; None for no end."""
        until = self.cleaned_data["until"]
        if until == NO_END:
            return None
        return extended(self._share, int(until)) if until else end_of(self.cleaned_data["on"])


def extended(share: Share, days: int) -> datetime:
    """The end of a share when it lasts so many days longer."""
    return (share.access_until or timezone.now()) + timedelta(days=days)


def end_of(day: date | None) -> datetime | None:
    """The end of a day, as offers have it."""
    return datetime.combine(day, END_OF_DAY) if day else None
