"""What admins say of a webhook."""

from typing import Any

from django import forms

from accounts import verbs
from images.forms.imports import AddressField
from images.outside import WEBHOOKS
from sharing.models import Webhook

EVERYTHING, CHOSEN = "all", "chosen"


class EndpointField(AddressField):
    """An address to which the panel would send something."""

    reach = WEBHOOKS


class WebhookForm(forms.Form):
    """Where events are sent, and which."""

    url = EndpointField(
        label="Address",
        max_length=2000,
        help_text="https. It is sent a POST with JSON for each event, and answers 2xx within 15 seconds.",
        error_messages={"required": "Give the address that events are sent to."},
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://hooks.example.org/stockroom"}),
    )
    which = forms.ChoiceField(
        label="Which events",
        choices=[(EVERYTHING, "Everything that happens in this account"), (CHOSEN, "Only these:")],
        widget=forms.RadioSelect,
        initial=EVERYTHING,
        error_messages={"required": "Say which events are sent."},
    )
    verbs = forms.MultipleChoiceField(
        label="Events", required=False, choices=verbs.choices, widget=forms.CheckboxSelectMultiple
    )

    @classmethod
    def of(cls, webhook: Webhook, data: Any) -> "WebhookForm":
        """The form as the webhook is."""
        chosen = webhook.chosen_verbs
        which = CHOSEN if chosen else EVERYTHING
        return cls(data, initial={"url": webhook.url, "which": which, "verbs": chosen})

    def clean(self) -> dict[str, Any]:
        """Ask for at least one event where only some are wanted."""
        cleaned = super().clean() or {}
        if cleaned.get("which") == CHOSEN and not cleaned.get("verbs") and "verbs" not in self.errors:
            self.add_error("verbs", "Choose at least one, or send everything.")
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """What the actions take."""
        chosen = self.cleaned_data["verbs"] if self.cleaned_data["which"] == CHOSEN else []
        return {"url": self.cleaned_data["url"], "verbs": chosen}
