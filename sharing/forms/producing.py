"""What producers type: recipients, terms, and answers to the questions before sharing."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Account, AnyGroup
from accounts.viewer import Viewer
from images.models import Image
from sharing.forms.terms import TermsForm
from sharing.people import count_people, in_words
from sharing.recipients import LONGEST_TEXT, Reading, read


class RecipientsForm(forms.Form):
    """The recipients alone, while they are typed."""

    recipients = forms.CharField(required=False, max_length=LONGEST_TEXT, strip=False)


class ShareForm(TermsForm):
    """Recipients of every kind together, the terms of the offer, and the questions before sharing.

    Attributes:
        reading: what each part of the recipients is; known once the form was validated.
    """

    recipients = forms.CharField(
        label="With",
        required=False,  # a ticked group will do
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(
            attrs={
                "class": "form-control",
                "rows": 2,
                "autofocus": True,
                "autocomplete": "off",
                "spellcheck": "false",
                "aria-describedby": "recipients-help",
            }
        ),
        help_text="Account numbers, logins, email addresses; your groups and organizations.",
    )
    groups = forms.MultipleChoiceField(
        label="You decide for these: they get it at once", required=False, widget=forms.CheckboxSelectMultiple
    )
    field_order = ["recipients", "groups"]

    def __init__(self, *args: Any, viewer: Viewer, images: Sequence[Image], **kwargs: Any) -> None:
        super().__init__(*args, viewer=viewer, images=images, **kwargs)
        self._viewer = viewer
        self._groups = groups_to_decide_for(viewer)
        self.reading = Reading(images=len(images))
        self.choose_from("groups", _choices(self._groups))

    def clean_groups(self) -> list[AnyGroup]:
        """The accounts, groups and organizations that were ticked."""
        return [self._groups[int(pk)] for pk in self.cleaned_data["groups"]]

    def clean(self) -> None:
        """Read the recipients, and ask for one when there is none."""
        super().clean()
        if "recipients" in self.errors or "groups" in self.errors:
            return
        ticked = self.cleaned_data.get("groups", [])
        self.reading = read(self.cleaned_data["recipients"], by=self._viewer, images=self._images, ticked=ticked)
        if self.reading.errors:
            self.add_error("recipients", ValidationError(self.reading.errors))
        elif not self.reading.parts:
            self.add_error("recipients", ValidationError("Name at least one recipient.", code="required"))


def groups_to_decide_for(viewer: Viewer) -> dict[int, AnyGroup]:
    """The groups, organizations and other accounts on whose behalf the viewer accepts, by id."""
    accounts = [account for account in viewer.administered_accounts if account.pk != viewer.account.pk]
    groups: list[AnyGroup] = [*viewer.managed_teams, *viewer.managed_organizations, *accounts]
    return {group.pk: group for group in groups}


def _choices(groups: dict[int, AnyGroup]) -> list[tuple[Any, str]]:
    people = count_people([pk for pk, group in groups.items() if not isinstance(group, Account)])
    return [(pk, _label(group, people.get(pk, 0))) for pk, group in groups.items()]


def _label(group: Any, people: int) -> str:
    if isinstance(group, Account):
        return f"{group.title}, account {group.grouped_number}"
    return f"{group.title}, {group._meta.verbose_name} of {in_words(people)}"  # noqa: SLF001  # Django's public name
