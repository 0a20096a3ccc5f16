"""What people ask of servers."""

from servers.forms.creating import ChoosingForm, ServerForm

__all__ = ["ChoosingForm", "ServerForm"]
