"""What consumers type: decisions, reasons, and whom they trust."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from accounts.models import Account
from accounts.validators import is_one_line
from images.models import Region
from sharing.forms.terms import MESSAGE_LENGTH, OPTIONAL
from sharing.inbox import Place, Tab, Wanted
from sharing.notices import Notice


class InboxForm(forms.Form):
    """The parameters of Shared with us. Whatever is no sensible value means "no matter"."""

    tab = forms.ChoiceField(required=False, choices=[(tab, tab) for tab in Tab])
    region = forms.CharField(required=False, max_length=20)
    q = forms.CharField(required=False, max_length=255)
    after = forms.CharField(required=False)
    before = forms.CharField(required=False)

    def wanted(self, regions: Iterable[Region]) -> Wanted:
        """What is asked for, as the inbox takes it.

        Args:
            regions: those that exist.
        """
        self.is_valid()
        given: Callable[..., str] = self.cleaned_data.get
        known = given("region") in {region.code for region in regions}
        return Wanted(
            tab=Tab(given("tab") or Tab.PENDING),
            region=given("region") if known else "",
            q=given("q", ""),
            after=Place.parse(given("after", "")),
            before=Place.parse(given("before", "")),
        )


class AcceptForm(forms.Form):
    """What can be said in the step that accepts an offer; what makes no sense for this offer is not asked."""

    ACCOUNT, ORGANIZATION = "account", "organization"

    label = forms.CharField(
        label="Our label",
        required=False,
        max_length=255,
        validators=[is_one_line],
        widget=forms.TextInput(attrs=OPTIONAL),
        help_text="What people of the account see instead of the image's name.",
    )
    into = forms.ChoiceField(label="Take it into", required=False)
    trust = forms.ChoiceField(label="Next time they share", required=False)
    future = forms.BooleanField(label="Later versions too, without being asked again", required=False)

    def __init__(self, *args: Any, notice: Notice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = {account.number: account for account in notice.accounts}
        for name, kind in (("label", "control"), ("into", "select"), ("trust", "select"), ("future", "check-input")):
            self.fields[name].widget.attrs["class"] = f"form-{kind}"
        self._choose("into", _into_choices(notice))
        self._choose("trust", _trust_choices(notice))
        self.fields["label"].widget.attrs["placeholder"] = notice.offer.image.name
        if not notice.may_label:
            del self.fields["label"]
        if not notice.offer.offers_future:
            del self.fields["future"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if not choices:
            del self.fields[name]

    def clean_into(self) -> Account | None:
        """The account, or None to leave the offer with its recipient."""
        return self._accounts.get(self.cleaned_data["into"])


def _into_choices(notice: Notice) -> list[tuple[str, str]]:
    return [
        (account.number, f"{account.title} ({'only you' if account.is_personal else 'everybody in it'})")
        for account in notice.accounts
    ]


def _trust_choices(notice: Notice) -> list[tuple[str, str]]:
    if not notice.may_trust:
        return []
    title, organization = notice.producer.title, notice.producer.organization
    choices = [("", "Ask again"), (AcceptForm.ACCOUNT, f"Accept from {title} without asking")]
    everybody = (AcceptForm.ORGANIZATION, f"Accept from everybody in {organization} without asking")
    return [*choices, everybody] if organization else choices


class IdsField(forms.TypedMultipleChoiceField):
    """Ids out of those that were shown. One that is gone meanwhile is no mistake of whoever chose it."""

    def valid_value(self, value: Any) -> bool:
        """Whether it can be an id."""
        return str(value).isdecimal()


class AcceptAllForm(forms.Form):
    """Which of the offers of one producer are accepted."""

    offers = IdsField(
        label="Accept these",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )

    def __init__(self, *args: Any, notices: Iterable[Notice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["offers"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(notice.offer.pk, f"{notice.offer.image.name}, for {notice.whom}") for notice in notices]
        field.initial = [pk for pk, _label in field.choices]


class BlockForm(forms.Form):
    """Whether blocking a producer also gives back what was accepted from it."""

    give_back = forms.BooleanField(required=False)

    def __init__(self, *args: Any, accepted: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        images = "the image" if accepted == 1 else f"all {accepted} images"
        self.fields["give_back"].label = f"Also remove {images} that we have from it"
        self.fields["give_back"].help_text = "It sees them as rejected."
        if not accepted:
            del self.fields["give_back"]


class ReasonForm(forms.Form):
    """Why somebody does not want an image."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
    )


class LeaveForm(ReasonForm):
    """For whom an image is removed, when the viewer decides for several that have it."""

    holders = forms.TypedMultipleChoiceField(
        label="Remove it from", coerce=int, widget=forms.CheckboxSelectMultiple, error_messages={
            "required": "Choose at least one."
        }
    )  # fmt: skip
    field_order = ["holders", "reason"]

    def __init__(self, *args: Any, holders: dict[int, str], own: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["holders"]
        field.initial = [own] if own in holders else list(holders)
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(holders.items())
        if len(holders) == 1:
            field.widget = forms.MultipleHiddenInput()


class TrustForm(forms.Form):
    """A producer who may share with the account without asking, out of those whose images it has accepted."""

    producer = forms.TypedChoiceField(label="Always accept from", coerce=int)

    def __init__(self, *args: Any, producers: dict[int, Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._producers = producers
        field = self.fields["producer"]
        field.widget.attrs["class"] = "form-select"
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, str(group)) for pk, group in producers.items()]

    def clean_producer(self) -> Group:
        """The producer."""
        return self._producers[self.cleaned_data["producer"]]
