"""The mails of signing in and up: when allauth sends them is its business, what they say and how they look is ours."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.mails import STRANGER, Button, Mail

# What the button of a mail says, by what the link is called in its context. The first that is there counts.
LINKS = {
    "activate_url": "Confirm this address",
    "password_reset_url": "Choose a new password",
    "signup_url": "Sign up",
}
ABOUT_SECURITY = "because it is about how you sign in; such messages always come by mail"


def entrance_mail(name: str, address: str, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    """A mail of allauth.

    Args:
        name: of its template, without the ending ("account/email/email_confirmation").
        context: what allauth gives that template.
    """
    context = {**context, "signup_url": context.get("signup_url") if settings.SIGNUP_OPEN else ""}
    text = render_to_string(f"{name.replace('/email/', '/letters/')}.txt", context)
    subject, _newline, body = (part.strip() for part in text.strip().partition("\n"))
    gist, _newlines, _rest = body.partition("\n\n")
    return Mail(subject, body, gist, reason=_reason(context), button=_button(context)).to(address)


def _button(context: Mapping[str, Any]) -> Button:
    for link, label in LINKS.items():
        if context.get(link):
            return Button(context[link], label)
    return Button(f"{settings.SITE_URL}{reverse('profile')}", "Open your profile")


def _reason(context: Mapping[str, Any]) -> str:
    """What tells of a change comes to an address of the person; everything else to one that somebody typed."""
    return ABOUT_SECURITY if "timestamp" in context else STRANGER
