"""What producers type: recipients, terms, and answers to the questions before sharing."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from accounts.addresses import Address
from accounts.models import Account, Organization, Team
from accounts.viewer import Viewer
from images.models import Image
from sharing.addresses import parse
from sharing.people import count_people, in_words

MESSAGE_LENGTH = 1000


QUESTIONS = {
    "licences": ("The licences of all its software allow it to be passed on", "the licences of its software allow it"),
    "secrets": ("No private keys, passwords or other secrets are in it", "no private keys or other secrets are in it"),
    "malware": ("No malicious software is in it", "no malicious software is in it"),
}
# Asked where the image was made of one of somebody else's. That one may be out of reach by now, so it is not named.
TERMS = {
    "terms": (
        "The account that the image comes from allows what was made of it to be passed on",
        "the account that the image comes from allows it",
    )
}


def questions_about(image: Image) -> dict[str, tuple[str, str]]:
    """What the producer has to be sure of: the label of each question, and the short form for messages."""
    return QUESTIONS | TERMS if _comes_from_others(image) else QUESTIONS


def _comes_from_others(image: Image) -> bool:
    ancestor = image.parent
    while ancestor and ancestor.account_id == image.account_id:
        ancestor = ancestor.parent
    return ancestor is not None


class ShareForm(forms.Form):
    """Recipients of every kind together, the terms of the offer, and the questions before sharing."""

    recipients = forms.CharField(
        label="With",
        required=False,  # a ticked group will do
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Account numbers, logins and email addresses, with commas between them. They are asked first.",
    )
    groups = forms.MultipleChoiceField(
        label="You decide for these: they get it at once", required=False, widget=forms.CheckboxSelectMultiple
    )
    message = forms.CharField(
        label="Message (optional)", required=False, max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )
    export = forms.BooleanField(
        label="They may also download and copy it",
        required=False,
        initial=True,
        help_text="Otherwise they can only boot servers from it.",
    )
    questions = forms.MultipleChoiceField(
        label="Before you share",
        widget=forms.CheckboxSelectMultiple,
        required=False,  # clean_questions names the one that is missing
        help_text="To be sure, boot a server from it in your own account and look.",
    )

    def __init__(self, *args: Any, viewer: Viewer, image: Image, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._groups = groups_to_decide_for(viewer, image)
        self._questions = questions_about(image)
        groups, questions = self.fields["groups"], self.fields["questions"]
        assert isinstance(groups, forms.MultipleChoiceField)
        assert isinstance(questions, forms.MultipleChoiceField)
        questions.choices = [(name, label) for name, (label, _short) in self._questions.items()]
        groups.choices = _choices(self._groups)
        if not self._groups:
            del self.fields["groups"]

    def clean_recipients(self) -> list[Address]:
        """The addresses; each part that cannot be one has its own message."""
        return parse(self.cleaned_data["recipients"])

    def clean_groups(self) -> list[Group]:
        """The accounts, groups and organizations that were ticked."""
        return [self._groups[int(pk)] for pk in self.cleaned_data["groups"]]

    def clean_questions(self) -> list[str]:
        """All of them are ticked; each that is not has its own message."""
        ticked: list[str] = self.cleaned_data["questions"]
        if missing := [short for name, (_label, short) in self._questions.items() if name not in ticked]:
            raise ValidationError([f"Make sure that {short}, and tick it." for short in missing])
        return ticked

    def clean(self) -> None:
        """Ask for a recipient when there is none."""
        super().clean()
        if "recipients" in self.errors or "groups" in self.errors:
            return
        if not self.cleaned_data.get("recipients") and not self.cleaned_data.get("groups"):
            self.add_error("recipients", ValidationError("Name at least one recipient.", code="required"))


def groups_to_decide_for(viewer: Viewer, image: Image) -> dict[int, Account | Organization | Team]:
    """The groups, organizations and other accounts on whose behalf the viewer accepts, by id."""
    accounts = [account for account in viewer.administered_accounts if account.pk != image.account_id]
    groups: list[Account | Organization | Team] = [*viewer.managed_teams, *viewer.managed_organizations, *accounts]
    return {group.pk: group for group in groups}


def _choices(groups: dict[int, Account | Organization | Team]) -> list[tuple[int, str]]:
    people = count_people([pk for pk, group in groups.items() if not isinstance(group, Account)])
    return [(pk, _label(group, people.get(pk, 0))) for pk, group in groups.items()]


def _label(group: Any, people: int) -> str:
    if isinstance(group, Account):
        return f"{group.title}, account {group.grouped_number}"
    return f"{group.title}, {group._meta.verbose_name} of {in_words(people)}"  # noqa: SLF001  # Django's public name
