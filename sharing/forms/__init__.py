"""What people type when they share, accept, reject and trust."""

from sharing.forms.cases import CaseAnswerForm, OffersForm, PublicForm, ReportForm
from sharing.forms.consuming import (
    AcceptAllForm,
    AcceptForm,
    BlockForm,
    InboxForm,
    LeaveForm,
    ReasonForm,
    TrustForm,
)
from sharing.forms.doors import ClaimCodeForm, ClaimForm, DaysForm, SignInShareForm, TakeForm
from sharing.forms.producing import RecipientsForm, ShareForm

__all__ = [
    "AcceptAllForm",
    "AcceptForm",
    "BlockForm",
    "CaseAnswerForm",
    "ClaimCodeForm",
    "ClaimForm",
    "DaysForm",
    "InboxForm",
    "LeaveForm",
    "OffersForm",
    "PublicForm",
    "ReasonForm",
    "RecipientsForm",
    "ReportForm",
    "ShareForm",
    "SignInShareForm",
    "TakeForm",
    "TrustForm",
]
