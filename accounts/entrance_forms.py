"""The forms of signing in and up, and of addresses and passwords, in the words of the glossary instead of allauth's."""

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
)
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.forms import Form


class SignInForm(LoginForm):
    """Sign in by login or email address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, login="Login or email address", remember="Stay signed in on this computer")


class SignUpForm(SignupForm):
    """Sign up with a login and an address that has to be confirmed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, email="Email address", username="Login", password2="Password again")
        self.fields["username"].help_text = "Your public handle: others can share images with it."


class NewAddressForm(AddEmailForm):
    """Add an email address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, email="Email address")


class NewPasswordForm(ChangePasswordForm):
    """Change the password, knowing the current one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, oldpassword="Current password", password1="New password", password2="New password again")


class FirstPasswordForm(SetPasswordForm):
    """Choose a password where there is none yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, password1="Password", password2="Password again")


class ConfirmPasswordForm(ReauthenticateForm):
    """Show that one is still oneself, before something important changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self)


class ForgottenPasswordForm(ResetPasswordForm):
    """Ask for the link that leads to a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, email="Email address")


class PasswordByLinkForm(ResetPasswordKeyForm):
    """Choose a new password, behind that link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, password1="New password", password2="New password again")


class SecondFactorForm(AuthenticateForm):
    """Sign in with the second factor too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, code="Code of your app, or a recovery code")


class ConfirmCodeForm(ReauthenticateByCodeForm):
    """Show by the second factor that one is still oneself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, code="Code of your app, or a recovery code")


class FirstCodeForm(ActivateTOTPForm):
    """Show that the app has the secret, before it is asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _relabel(self, code="Code of your app")


def _relabel(form: Form, **labels: str) -> None:
    """Give fields our labels, and errors that say what to do.

    A placeholder that repeats the label vanishes while one types, and is read aloud twice.
    """
    for name, label in labels.items():
        form.fields[name].label = label
    for field in form.fields.values():
        field.error_messages["required"] = f"Enter the {str(field.label).lower()}."
        field.widget.attrs.pop("placeholder", None)
