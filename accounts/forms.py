"""Forms about people and what they belong to. Their fields are named as the actions name them."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError

from accounts.models import AnyGroup, Notification, User
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.validators import is_one_line, login_validators

T = TypeVar("T")

MEANINGS: dict[Role, str] = {
    Role.OBSERVER: "sees the images, their details and whom they are shared with, and downloads them",
    Role.CREATOR: "also adds images and offers them to others",
    Role.ADMIN: "also edits and deletes images, decides on offers, and manages the people and the account",
    Role.MEMBER: "uses what is shared with it",
    Role.MANAGER: "also decides on offers, shares with it at once, and manages its people",
}


def attempt(form: forms.BaseForm, action: Callable[[], T]) -> T | None:
    """Run an action and put what it says about wrong input at the form's fields.

    Returns:
        What the action returned, or None when the form has to be shown again.
    """
    try:
        return action()
    except ValidationError as error:
        form.add_error(None, error)
        return None


class RoleField(forms.TypedChoiceField):
    """The roles of a kind of group, each with what it may do."""

    def __init__(self, kind: Kind, **options: Any) -> None:
        choices = [(role.value, f"{role.label}: {MEANINGS[role]}") for role in ROLES_OF_KIND[kind]]
        super().__init__(choices=choices, coerce=Role, widget=forms.RadioSelect, label="Role", **options)


class InviteForm(forms.Form):
    """Whom to invite into an account, group or organization."""

    address = forms.CharField(
        label="Login or email address",
        max_length=254,
        error_messages={"required": "Enter a login or an email address."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, group: AnyGroup, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"] = RoleField(group.kind, initial=ROLES_OF_KIND[group.kind][0])


class InviteAccountForm(forms.Form):
    """Which account to invite into an organization."""

    address = forms.CharField(
        label="Account number",
        max_length=40,
        error_messages={"required": "Enter the ten digits of the account's number."},
        help_text="Ten digits. One of the account's admins is asked.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )


class RoleForm(forms.Form):
    """Another role for a member."""

    def __init__(self, *args: Any, group: AnyGroup, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"] = RoleField(group.kind)


class TitleForm(forms.Form):
    """The name of an account, group or organization."""

    title = forms.CharField(
        label="Name",
        max_length=120,
        validators=[is_one_line],
        error_messages={"required": "Enter a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PersonForm(forms.Form):
    """One's own name."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        validators=[is_one_line],
        error_messages={"required": "Enter your name."},
        help_text="How others see you, beside your login.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class MailForm(forms.Form):
    """Which messages also come by mail."""

    kinds = forms.MultipleChoiceField(
        label="By mail",
        required=False,
        choices=[(kind.value, kind.label) for kind in Notification.Kind if kind != Notification.Kind.SECURITY],
        widget=forms.CheckboxSelectMultiple,
        help_text="All of them show under the bell. Messages about security always come by mail.",
    )

    @classmethod
    def of(cls, user: User) -> "MailForm":
        """The form as the person has chosen."""
        kinds = [kind for kind in Notification.Kind.values if kind not in user.not_mailed]
        return cls(initial={"kinds": kinds})


class SetupForm(forms.Form):
    """The first administrator, by the code that the panel printed."""

    code = forms.CharField(
        label="Code",
        help_text="The panel printed it where it was started. It is valid for a day.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    login = forms.CharField(
        label="Login",
        max_length=32,
        validators=login_validators,
        help_text="Small letters, digits, dots, hyphens and underscores.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text=password_validators_help_text_html,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_login(self) -> str:
        """Refuse a login that somebody has."""
        login: str = self.cleaned_data["login"]
        if User.objects.filter(username=login).exists():
            raise ValidationError("This login is taken. Choose another one.")
        return login

    def clean(self) -> dict[str, Any]:
        """Hold the password to the panel's rules, which know the login and the address."""
        data = super().clean() or {}
        if {"login", "email", "password"} <= data.keys():
            try:
                validate_password(data["password"], User(username=data["login"], email=data["email"]))
            except ValidationError as error:
                self.add_error("password", error)
        return data
