"""What consumers type: decisions, reasons, and whom they trust."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from accounts.models import Account
from accounts.viewer import Viewer
from sharing.forms.producing import MESSAGE_LENGTH


class AcceptForm(forms.Form):
    """Into which account an offer to a person goes, and whether to ask next time."""

    ACCOUNT, ORGANIZATION = "account", "organization"

    into = forms.ChoiceField(required=False)
    trust = forms.ChoiceField(
        required=False, choices=[("", "Ask"), (ACCOUNT, "Account"), (ORGANIZATION, "Organization")]
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = {account.number: account for account in viewer.administered_accounts}
        into = self.fields["into"]
        assert isinstance(into, forms.ChoiceField)
        into.choices = [(number, account.title) for number, account in self._accounts.items()]

    def clean_into(self) -> Account | None:
        """The account, or None to leave the offer with its recipient."""
        return self._accounts.get(self.cleaned_data["into"])


class ReasonForm(forms.Form):
    """Why somebody does not want an image."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
    )


class LeaveForm(ReasonForm):
    """For whom an image is removed, when the viewer decides for several that have it."""

    holders = forms.TypedMultipleChoiceField(
        label="Remove it from", coerce=int, widget=forms.CheckboxSelectMultiple, error_messages={
            "required": "Choose at least one."
        }
    )  # fmt: skip
    field_order = ["holders", "reason"]

    def __init__(self, *args: Any, holders: dict[int, str], own: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["holders"]
        field.initial = [own] if own in holders else list(holders)
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(holders.items())
        if len(holders) == 1:
            field.widget = forms.MultipleHiddenInput()


class TrustForm(forms.Form):
    """A producer who may share with the account without asking, out of those whose images it has accepted."""

    producer = forms.TypedChoiceField(label="Always accept from", coerce=int)

    def __init__(self, *args: Any, producers: dict[int, Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._producers = producers
        field = self.fields["producer"]
        field.widget.attrs["class"] = "form-select"
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, str(group)) for pk, group in producers.items()]

    def clean_producer(self) -> Group:
        """The producer."""
        return self._producers[self.cleaned_data["producer"]]
