"""What people look for in the marketplace and the community."""

from collections.abc import Callable, Sequence

from django import forms

from images import systems
from images.catalogue import SIZES, Sort, Wanted
from images.cursors import Cursor
from images.forms.fields import SuggestInput
from images.models import Region

ARCHITECTURES = ("x86_64", "aarch64", "i686", "ppc64le", "riscv64", "s390x")


class CatalogueForm(forms.Form):
    """The parameters of a catalogue. Whatever is no sensible value means "no matter"."""

    q = forms.CharField(required=False, max_length=255)
    os = forms.CharField(label="Operating system", required=False, max_length=40, widget=SuggestInput(systems.KNOWN))
    architecture = forms.ChoiceField(
        required=False, choices=[("", "Any architecture"), *((name, name) for name in ARCHITECTURES)]
    )
    region = forms.CharField(required=False, max_length=20)
    size = forms.ChoiceField(
        required=False, choices=[("", "Any size"), *((size, f"At most {size} GiB") for size in SIZES)]
    )
    verified = forms.BooleanField(label="Only from verified producers", required=False)
    sort = forms.ChoiceField(
        label="Sort by", required=False, choices=[(Sort.NEWEST, "Newest first"), (Sort.NAME, "Name")]
    )
    after = forms.CharField(required=False)
    before = forms.CharField(required=False)

    def wanted(self, regions: Sequence[Region]) -> Wanted:
        """What is asked for, as the catalogue takes it.

        Args:
            regions: those that exist.
        """
        self.is_valid()
        given: Callable[..., str] = self.cleaned_data.get
        sort = Sort(given("sort") or Sort.NEWEST)
        codes = {region.code for region in regions}
        return Wanted(
            q=given("q", ""),
            os=given("os", ""),
            architecture=given("architecture", ""),
            region=given("region") if given("region") in codes else "",
            size=given("size", ""),
            verified=bool(self.cleaned_data.get("verified")),
            sort=sort,
            after=Cursor.parse(given("after", ""), sort.key_type),
            before=Cursor.parse(given("before", ""), sort.key_type),
        )
