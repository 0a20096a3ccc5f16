"""What people type about servers."""

from typing import Any

from django import forms
from django.utils import timezone

from accounts.validators import is_one_line
from servers.models import Server


class RenameForm(forms.Form):
    """Another name for a server."""

    name = forms.CharField(
        max_length=255,
        validators=[is_one_line],
        error_messages={"required": "Enter a name."},
        help_text="In the panel only: what the server calls itself stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SaveForm(forms.Form):
    """The name of an image that is made from a server."""

    name = forms.CharField(
        max_length=255,
        validators=[is_one_line],
        error_messages={"required": "Give the image a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, server: Server, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("name", f"{server.name[:240]} {timezone.now().date().isoformat()}")
