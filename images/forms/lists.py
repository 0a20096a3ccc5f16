"""What people ask of Saved Images."""

from collections.abc import Callable, Sequence

from django import forms

from images import systems
from images.cursors import Cursor
from images.forms.fields import SuggestInput
from images.listing import HIDDEN_STATUS, SHARED_SOURCE, Sort, Tab, Wanted
from images.models import Image, Region


class ListForm(forms.Form):
    """The parameters of Saved Images. Whatever is no sensible value means "no matter"."""

    q = forms.CharField(required=False, max_length=255)
    status = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any status"),
            (Image.Status.ACTIVE, "Active"),
            (Image.Status.DEACTIVATED, "Deactivated"),
            (HIDDEN_STATUS, "Hidden"),
        ],
    )
    source = forms.ChoiceField(
        required=False, choices=[("", "Any source"), *Image.Source.choices, (SHARED_SOURCE, "Shared Image")]
    )
    os = forms.CharField(label="Operating system", required=False, max_length=40, widget=SuggestInput(systems.KNOWN))
    sort = forms.ChoiceField(
        label="Sort by",
        required=False,
        choices=[
            (Sort.NEWEST, "Newest first"),
            (Sort.OLDEST, "Oldest first"),
            (Sort.NAME, "Name"),
            (Sort.SIZE, "Size"),
        ],
    )
    tab = forms.ChoiceField(required=False, choices=[(tab, tab) for tab in Tab])
    region = forms.CharField(required=False, max_length=20)
    after = forms.CharField(required=False)
    before = forms.CharField(required=False)

    def wanted(self, regions: Sequence[Region]) -> Wanted:
        """What is asked for, as the list takes it.

        Args:
            regions: those that exist.
        """
        self.is_valid()
        given: Callable[..., str] = self.cleaned_data.get
        sort = Sort(given("sort") or Sort.NEWEST)
        codes = {region.code for region in regions}
        return Wanted(
            tab=Tab(given("tab") or Tab.ALL),
            region=given("region") if given("region") in codes else "",
            status=given("status", ""),
            source=given("source", ""),
            os=given("os", ""),
            q=given("q", ""),
            sort=sort,
            after=Cursor.parse(given("after", ""), sort.key_type),
            before=Cursor.parse(given("before", ""), sort.key_type),
        )
