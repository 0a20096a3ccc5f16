"""The pages of servers, a module for each topic."""

from servers.views.creating import server_create

__all__ = ["server_create"]
