"""What people type about servers."""

from django import forms

from accounts.validators import is_one_line


class RenameForm(forms.Form):
    """Another name for a server."""

    name = forms.CharField(
        max_length=255,
        validators=[is_one_line],
        error_messages={"required": "Enter a name."},
        help_text="In the panel only: what the server calls itself stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
