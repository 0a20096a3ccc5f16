"""What managers of an organization decide about servers."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.conf import settings

from images.models import Region
from servers.governing import size_in_words
from servers.models import Budget, Flavor


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """How much an account may spend on servers in a month."""

    class Meta:
        model = Budget
        fields = ("amount",)
        widgets = {"amount": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})}
        error_messages = {"amount": {"required": "Enter an amount. To set no limit, remove the budget."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = self.fields["amount"]
        amount.label = f"{settings.CURRENCY} a month"
        amount.help_text = "What this month has cost until now counts, too. With 0, only what is free can boot."


class SizesForm(forms.Form):
    """Which sizes the servers of an organization may have: a group of boxes for each region."""

    def __init__(
        self, *args: Any, sizes: Mapping[Region, list[Flavor]], chosen: Collection[int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for region, flavors in sizes.items():
            self.fields[f"region-{region.pk}"] = forms.TypedMultipleChoiceField(
                label=region.name,
                choices=[(flavor.pk, f"{flavor.name}: {size_in_words(flavor)}") for flavor in flavors],
                coerce=int,
                required=False,
                initial=[flavor.pk for flavor in flavors if flavor.pk in chosen],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": "A size that was chosen is no longer offered. Choose again."},
            )

    @property
    def flavors(self) -> list[int]:
        """The ids of what was chosen."""
        return [pk for chosen in self.cleaned_data.values() for pk in chosen]
