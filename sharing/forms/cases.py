"""What people tell and ask staff, and what staff answer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sharing.models import Report

ANSWER_LENGTH, TEXT_LENGTH = 1000, 2000
MOST_OFFERS = 1_000_000


class ReportForm(forms.Form):
    """Why somebody reports an image."""

    reason = forms.ChoiceField(
        label="What is wrong with it",
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is wrong with it."},
    )
    text = forms.CharField(
        label="What have you seen?",
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A path, a process, an address: whatever helps staff to find it.",
    )

    def clean(self) -> dict[str, Any]:
        """Something else has to be said in words."""
        data = super().clean() or {}
        if data.get("reason") == Report.Reason.OTHER and not data.get("text"):
            self.add_error("text", ValidationError("Say what is wrong with it.", code="required"))
        return data


class PublicForm(forms.Form):
    """Why an image should be in everybody's list."""

    text = forms.CharField(
        label="Why should everybody have it?",
        max_length=TEXT_LENGTH,
        error_messages={"required": "Say why, so that staff can decide."},
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text="What it is for, who looks after it, and for how long. Staff read this.",
    )


class OffersForm(forms.Form):
    """How many offers a day an account wants to make, and what for."""

    wanted = forms.IntegerField(label="Offers a day", min_value=1, max_value=MOST_OFFERS)
    text = forms.CharField(
        label="What for?",
        max_length=TEXT_LENGTH,
        error_messages={"required": "Say what for, so that staff can decide."},
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whom you share with, and why that often. Staff read this.",
    )


class CaseAnswerForm(forms.Form):
    """What staff say to whoever asked."""

    answer = forms.CharField(
        label="Answer",
        required=False,  # an action that needs one says so
        max_length=ANSWER_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever asked or reported reads this, and the producer of an image that stays deactivated. "
        "A rejection needs one.",
    )
