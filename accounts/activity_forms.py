"""What people ask of the activity of an account."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts import verbs
from accounts.models import Event
from accounts.querysets import EventQuerySet
from accounts.viewer import Viewer

Narrow = Callable[[EventQuerySet, Any], EventQuerySet]


class ActivityForm(forms.Form):
    """The filters of Activity, and of its exports. What is empty does not matter."""

    image = forms.CharField(label="Image, or whatever it is about", required=False, max_length=255, strip=True)
    verb = forms.ChoiceField(label="What happened", required=False)
    person = forms.ChoiceField(label="Who", required=False)
    account = forms.CharField(
        label="The other side",
        required=False,
        max_length=254,
        help_text="Account number or name, or the address as it was typed.",
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, viewer: Viewer) -> None:
        super().__init__(data)
        self.viewer = viewer
        self.fields["verb"] = forms.ChoiceField(
            label="What happened", required=False, choices=[("", "Everything"), *verbs.choices()]
        )
        self.fields["person"] = forms.ChoiceField(
            label="Who", required=False, choices=[("", "Everybody"), *((login, login) for login in people_of(viewer))]
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a span of time that ends before it begins."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")
        return cleaned

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, as they stand in an address."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}

    def events(self) -> EventQuerySet:
        """The events that the viewer may know and asks for, the newest first; none if something is wrong."""
        if not self.is_valid():
            return Event.objects.none()
        events = Event.objects.visible_to(self.viewer).select_related("account")
        for name, narrow in self._narrow.items():
            if value := self.cleaned_data[name]:
                events = narrow(events, value)
        return events

    @property
    def _narrow(self) -> dict[str, Narrow]:
        return {
            "image": lambda events, text: events.about(text),
            "verb": lambda events, verb: events.filter(verb=verb),
            "person": lambda events, login: events.by_person(login, self.viewer),
            "account": lambda events, text: events.with_other_side(text, self.viewer),
            "since": lambda events, day: events.filter(at__gte=_midnight(day)),
            "until": lambda events, day: events.filter(at__lt=_midnight(day + timedelta(days=1))),
        }


def people_of(viewer: Viewer) -> list[str]:
    """The logins that have done something in the account."""
    logins = Event.objects.filter(account=viewer.account).exclude(actor_login="").order_by("actor_login")
    return list(logins.values_list("actor_login", flat=True).distinct())


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
