"""The forms of signing in and up, in the words of the glossary instead of allauth's."""

from typing import Any

from allauth.account.forms import LoginForm, SignupForm


class SignInForm(LoginForm):
    """Sign in by login or email address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Login or email address"
        self.fields["remember"].label = "Stay signed in on this computer"
        _drop_placeholders(self)


class SignUpForm(SignupForm):
    """Sign up with a login and an address that has to be confirmed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Email address"
        self.fields["username"].label = "Login"
        self.fields["username"].help_text = "Your public handle: others can share images with it."
        self.fields["password2"].label = "Password again"
        _drop_placeholders(self)


def _drop_placeholders(form: LoginForm | SignupForm) -> None:
    """A placeholder that repeats the label vanishes while one types, and is read aloud twice."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
