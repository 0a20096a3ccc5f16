"""What people type about images. Wrong input comes back with a message at its field, and nothing lost."""

from images.forms.catalogue import CatalogueForm
from images.forms.conversions import ConversionForm
from images.forms.facts import EditForm, NewImageForm, ReferenceForm, UploadForm, VisibilityForm
from images.forms.fields import filter_fields, visibility_options
from images.forms.imports import ImportForm
from images.forms.life import CopyForm, EndForm, FamilyForm, NewVersionForm, VersionForm
from images.forms.lists import ListForm
from images.forms.planning import WhenForm
from images.forms.quotas import AnswerForm, QuotaForm, QuotaRequestForm

__all__ = [
    "AnswerForm",
    "CatalogueForm",
    "ConversionForm",
    "CopyForm",
    "EditForm",
    "EndForm",
    "FamilyForm",
    "ImportForm",
    "ListForm",
    "NewImageForm",
    "NewVersionForm",
    "QuotaForm",
    "QuotaRequestForm",
    "ReferenceForm",
    "UploadForm",
    "VersionForm",
    "VisibilityForm",
    "WhenForm",
    "filter_fields",
    "visibility_options",
]
