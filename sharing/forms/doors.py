"""What people type to share in other ways than by naming a recipient: credentials, and claim codes."""

from typing import Any

from django import forms

from accounts.addresses import Address, parse_account, parse_person
from accounts.proof import Credentials
from accounts.validators import is_one_line
from accounts.viewer import Viewer
from sharing.actions.claims import DEFAULT_DAYS, MAX_DAYS
from sharing.codes import normalise
from sharing.forms.terms import OPTIONAL, AttemptForm, TermsForm

SECRET = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
LONGEST_NUMBER, LONGEST_SECRET, LONGEST_CODE, LONGEST_WHOM = 40, 256, 200, 80  # signs


class CodeInput(forms.PasswordInput):
    """A field that shows what is typed, but not what was typed before."""

    input_type = "text"


class SignInShareForm(TermsForm):
    """The receiving account, what one of its admins signs in with, and the terms."""

    number = forms.CharField(
        label="Account number",
        max_length=LONGEST_NUMBER,
        error_messages={"required": "Enter the number of the receiving account."},
        widget=forms.TextInput(attrs=SECRET | {"inputmode": "numeric", "autofocus": True}),
    )
    login = forms.CharField(
        label="Login or email address of one of its admins",
        max_length=254,
        error_messages={"required": "Enter the login or email address."},
        widget=forms.TextInput(attrs=SECRET),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=LONGEST_SECRET,
        error_messages={"required": "Enter the password."},
        widget=forms.PasswordInput(attrs=SECRET),
    )
    code = forms.CharField(
        label="Second factor",
        required=False,
        max_length=LONGEST_SECRET,
        widget=CodeInput(attrs=SECRET | {"autocomplete": "one-time-code"}),
        help_text="A code of their authenticator app, or a recovery code. Leave it empty if they have none.",
    )
    field_order = ["number", "login", "password", "code"]

    def clean_number(self) -> Address:
        """The number, if it is one. Whether any account has it is not looked up."""
        return parse_account(self.cleaned_data["number"])

    def clean_login(self) -> Address:
        """A login or an email address. Whether anybody has it is not looked up."""
        return parse_person(self.cleaned_data["login"])

    @property
    def credentials(self) -> Credentials:
        """What was typed to sign in, of a valid form."""
        data = self.cleaned_data
        return Credentials(name=data["login"], password=data["password"], code=data["code"])


class DaysForm(AttemptForm):
    """How long a claim code works."""

    days = forms.IntegerField(
        label="Works for so many days",
        min_value=1,
        max_value=MAX_DAYS,
        initial=DEFAULT_DAYS,
        help_text=f"From 1 to {MAX_DAYS}. It works once, for whoever uses it first.",
    )


class ClaimCodeForm(DaysForm, TermsForm):
    """Whom a claim code is for, how long it works, and the terms."""

    whom = forms.CharField(
        label="Whom it is for",
        required=False,
        max_length=LONGEST_WHOM,
        validators=[is_one_line],
        widget=forms.TextInput(attrs=OPTIONAL | {"autocomplete": "off", "autofocus": True}),
        help_text="“Jane at Beta”: stands in your table instead of an address. Whoever uses the code can read it.",
    )
    field_order = ["whom", "days"]


class TakeForm(forms.Form):
    """What can be said in the step that accepts an offer by code."""

    label = forms.CharField(
        label="Our label",
        required=False,
        max_length=255,
        validators=[is_one_line],
        widget=forms.TextInput(attrs=OPTIONAL | {"autocomplete": "off"}),
        help_text="What people of the account see instead of the image's name.",
    )
    future = forms.BooleanField(label="Later versions too, without being asked again", required=False)

    def __init__(self, *args: Any, viewer: Viewer, offers_future: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not viewer.is_admin:
            del self.fields["label"]
        if not offers_future:
            del self.fields["future"]


class ClaimForm(forms.Form):
    """A claim code, as somebody got it."""

    code = forms.CharField(
        label="Claim code",
        max_length=LONGEST_CODE,
        error_messages={"required": "Paste or type the code that you were given."},
        widget=forms.TextInput(attrs=SECRET | {"class": "mono", "autofocus": True}),
        help_text="28 letters and digits. Capitals, hyphens and blanks make no difference.",
    )

    def clean_code(self) -> str:
        """The code in the form that is hashed. Whether there is such a code is not looked up."""
        return normalise(self.cleaned_data["code"])
