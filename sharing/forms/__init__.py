"""What people type when they share, accept, reject and trust."""

from sharing.forms.consuming import AcceptForm, LeaveForm, ReasonForm, TrustForm
from sharing.forms.producing import MESSAGE_LENGTH, QUESTIONS, TERMS, ShareForm, groups_to_decide_for, questions_about

__all__ = [
    "MESSAGE_LENGTH",
    "QUESTIONS",
    "TERMS",
    "AcceptForm",
    "LeaveForm",
    "ReasonForm",
    "ShareForm",
    "TrustForm",
    "groups_to_decide_for",
    "questions_about",
]
