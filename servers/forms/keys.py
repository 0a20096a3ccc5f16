"""What people type about keys."""

from django import forms
from django.core.exceptions import ValidationError

from servers.models import CloudKey, SshKey
from servers.ssh_keys import PRIVATE, is_private

LONGEST_SECRET = 255  # characters, as Keystone has them


class SshKeyForm(forms.Form):
    """A public key, pasted."""

    public_key = forms.CharField(
        label="Public key",
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "mono", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        ),
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

    def clean_public_key(self) -> str:
        """What should be seen by nobody is not sent back in the form."""
        text: str = self.cleaned_data["public_key"]
        if not is_private(text):
            return text
        self.data = self.data.copy()
        self.data["public_key"] = ""
        raise ValidationError(PRIVATE, code="private")


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
