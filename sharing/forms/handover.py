"""What people say when an image changes hands."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.addresses import Address, parse_one
from accounts.models import Account
from images.descent import ALLOWED, NOT_SURE, come_from_others
from images.models import Image
from sharing.actions import Wish
from sharing.forms.terms import MESSAGE_LENGTH


class HandOverForm(forms.Form):
    """Who shall take an image."""

    to = forms.CharField(
        label="To",
        max_length=254,
        help_text="An account number; or a login or email address, for somebody's own account.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    message = forms.CharField(
        label="Message", required=False, max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )
    keep_using = forms.BooleanField(
        label="We want to go on using it",
        required=False,
        initial=True,
        help_text="The new owner shares it with this account in the same step.",
    )
    terms = forms.BooleanField(label=ALLOWED, error_messages={"required": NOT_SURE})

    def __init__(self, *args: Any, image: Image, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not come_from_others([image]):
            del self.fields["terms"]

    def clean_to(self) -> Address:
        """What was typed, read; whether anybody has it is not looked up."""
        text: str = self.cleaned_data["to"].strip()
        if "," in text:
            raise ValidationError("Name one account.", code="several")
        return parse_one(text)

    def wish(self) -> Wish:
        """What the action takes."""
        given = self.cleaned_data
        return Wish(given["to"], given["message"], keep_using=given["keep_using"])


class TakeOverForm(forms.Form):
    """Into which account an image goes."""

    into = forms.ChoiceField(label="Take it into", required=False)

    def __init__(self, *args: Any, accounts: list[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = {account.number: account for account in accounts}
        field = self.fields["into"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(account.number, account.title) for account in accounts]
        if len(accounts) < 2:  # noqa: PLR2004  # nothing to choose from
            field.widget = forms.HiddenInput()
            field.initial = next(iter(self._accounts), "")

    def clean_into(self) -> Account | None:
        """The account; None for the one that was asked."""
        return self._accounts.get(self.cleaned_data["into"])
