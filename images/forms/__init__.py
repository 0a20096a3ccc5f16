"""What people type about images. Wrong input comes back with a message at its field, and nothing lost."""

from images.forms.conversions import ConversionForm
from images.forms.facts import EditForm, NewImageForm, ReferenceForm, UploadForm, VisibilityForm
from images.forms.fields import visibility_options
from images.forms.imports import ImportForm
from images.forms.lists import ListForm
from images.forms.quotas import AnswerForm, QuotaForm, QuotaRequestForm

__all__ = [
    "AnswerForm",
    "ConversionForm",
    "EditForm",
    "ImportForm",
    "ListForm",
    "NewImageForm",
    "QuotaForm",
    "QuotaRequestForm",
    "ReferenceForm",
    "UploadForm",
    "VisibilityForm",
    "visibility_options",
]
