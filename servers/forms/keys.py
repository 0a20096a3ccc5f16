"""What people type about keys."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from servers.models import CloudKey, SshKey
from servers.ssh_keys import KeyRefused, is_private, parse

LONGEST_SECRET = 255  # characters, as Keystone has them


class PublicKeyField(forms.CharField):
    """A public key, pasted."""

    def __init__(self, **options: Any) -> None:
        attributes = {"rows": 3, "class": "mono", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        super().__init__(strip=False, widget=forms.Textarea(attrs=attributes), **options)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text.strip():
            try:
                parse(text)
            except KeyRefused as refused:
                raise ValidationError(str(refused), code="refused") from None
        return text

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        return PublicKeyBox(form, self, field_name)


class PublicKeyBox(forms.BoundField):
    """Sends back what was pasted, but for what nobody should see."""

    def value(self) -> Any:
        value = super().value()
        return "" if is_private(value or "") else value


class OwnKeysField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Some of the SSH keys of the person, which whoever has the form sets as ``queryset``."""

    def __init__(self, **options: Any) -> None:
        words = {"invalid_choice": "Choose among your own keys."}
        nothing = SshKey.objects.none()
        widget = forms.CheckboxSelectMultiple
        super().__init__(nothing, required=False, widget=widget, error_messages=words, **options)

    def clean(self, value: Any) -> Any:
        """Looked for among the few that there are: databases fail at numbers that are larger than their own."""
        assert self.queryset is not None
        ids = {str(key.pk) for key in self.queryset}
        if not ids.issuperset(map(str, value or [])):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().clean(value)


class SshKeyForm(forms.Form):
    """A public key, and what it is called."""

    public_key = PublicKeyField(
        label="Public key",
        help_text="The line in the file that ends with .pub, like ~/.ssh/id_ed25519.pub. Never the file beside it.",
        error_messages={"required": "Paste a public key: the line in a file that ends with .pub."},
    )
    name = forms.CharField(
        required=False,
        max_length=SshKey.name.field.max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Empty: what stands at the end of the key.",
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class CloudKeyForm(forms.Form):
    """An application credential."""

    credential_id = forms.CharField(
        label="Credential id",
        max_length=CloudKey.credential_id.field.max_length,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Enter the id of the application credential."},
    )
    secret = forms.CharField(
        strip=False,
        max_length=LONGEST_SECRET,
        widget=forms.PasswordInput(attrs={"class": "mono", "autocomplete": "new-password"}),
        help_text="It is tried at once, kept encrypted, and never shown again.",
        error_messages={"required": "Enter the secret. It is not kept between two tries."},
    )
