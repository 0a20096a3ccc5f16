"""What admins and managers set: a policy, rules, whom they trust, and answers to requests."""

import hashlib
import json
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from accounts.models import AnyGroup, Organization
from sharing.actions.policies import accepting_choices
from sharing.forms.terms import MESSAGE_LENGTH
from sharing.models import Policy, Rules


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Which images an account or organization takes, and who accepts.

    ``seen`` comes back with the fingerprint of what was shown before saving: a stricter policy is saved only by
    somebody who has seen what it would refuse.
    """

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    class Meta:
        model = Policy
        fields = ("mode", "only_trusted", "only_inspected", "max_age_days", "accepting", "by_sign_in")
        widgets = {
            "mode": forms.RadioSelect,
            "accepting": forms.RadioSelect,
            "max_age_days": forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": 3650}),
        }
        labels = {
            "mode": "What the policy does",
            "only_trusted": "Only images of trusted producers",
            "only_inspected": "Only images that somebody looked into, without finding secrets",
            "max_age_days": "Only images of at most so many days",
            "accepting": "Who accepts offers",
            "by_sign_in": "Producers may accept by signing in",
        }
        help_texts = {
            "only_trusted": "The list is below.",
            "only_inspected": "Producers start the look on the page of the image. Keys and passwords are secrets.",
            "max_age_days": "Leave it empty to take images of any age.",
            "by_sign_in": "With the login, password and second factor of an admin of the receiving account.",
        }

    def __init__(self, *args: Any, group: AnyGroup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accepting, mode = self.fields["accepting"], self.fields["mode"]
        assert isinstance(accepting, forms.ChoiceField)
        assert isinstance(mode, forms.ChoiceField)
        accepting.choices = [(choice.value, choice.label) for choice in accepting_choices(group)]
        mode.choices = list(Policy.Mode.choices)
        if isinstance(group, Organization):
            self.fields["by_sign_in"].label = "Producers may accept for its accounts by signing in"

    @property
    def settings(self) -> dict[str, Any]:
        """What was chosen, as ``set_policy`` takes it."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    @property
    def fingerprint(self) -> str:
        """What tells one choice from another."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def was_seen(self) -> bool:
        """Whether the person has seen what this choice would refuse."""
        return bool(self.cleaned_data.get("seen") == self.fingerprint)


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """How the accounts of an organization may share."""

    class Meta:
        model = Rules
        fields = ("outside", "open_to_all", "default_days", "max_days")
        days = forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": 3650})
        widgets = {"outside": forms.RadioSelect, "default_days": days, "max_days": days}
        labels = {
            "outside": "Sharing outside of the organization",
            "open_to_all": "Images may be open to everybody",
            "default_days": "Shares end after this many days",
            "max_days": "Shares end at the latest after this many days",
        }
        help_texts = {
            "open_to_all": "Public, community, and in the marketplace. Only where sharing outside is allowed freely.",
            "default_days": "Where the producer says nothing. Leave it empty for no end.",
            "max_days": "Leave it empty for as long as producers like.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outside = self.fields["outside"]
        assert isinstance(outside, forms.ChoiceField)
        outside.choices = list(Rules.Outside.choices)

    def clean(self) -> dict[str, Any]:
        """The default lies within the most."""
        data = super().clean() or {}
        default, most = data.get("default_days"), data.get("max_days")
        if default and most and default > most:
            self.add_error("default_days", ValidationError(f"At most {most} days: the number below.", code="late"))
        return data

    @property
    def settings(self) -> dict[str, Any]:
        """What was chosen, as ``set_rules`` takes it."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class ProducerForm(forms.Form):
    """A producer to trust, out of those who have offered something."""

    producer = forms.TypedChoiceField(label="Trust another producer", coerce=int)

    def __init__(self, *args: Any, producers: dict[int, tuple[str, Group]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._producers = producers
        field = self.fields["producer"]
        assert isinstance(field, forms.ChoiceField)
        field.widget.attrs["class"] = "form-select"
        field.choices = [(pk, title) for pk, (title, _group) in producers.items()]

    def clean_producer(self) -> Group:
        """The producer."""
        return self._producers[self.cleaned_data["producer"]][1]


class AnswerForm(forms.Form):
    """Why an offer is not approved."""

    answer = forms.CharField(
        label="Answer",
        required=False,
        max_length=MESSAGE_LENGTH,
        help_text="Who asked reads this.",
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
    )
