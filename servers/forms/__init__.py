"""What people ask of servers."""

from servers.forms.creating import ChoosingForm, ServerForm
from servers.forms.operating import RenameForm, SaveForm

__all__ = ["ChoosingForm", "RenameForm", "SaveForm", "ServerForm"]
