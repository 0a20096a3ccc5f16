"""Background tasks of servers."""

from uuid import UUID

from servers import actions


def attend_to_server(server_id: str) -> None:
    """Bring about what is wanted of a server."""
    actions.attend_to_server(UUID(server_id))


def attend_to_servers() -> str:
    """Go on with servers, and with images of them, that nobody works on."""
    return f"{actions.attend_to_servers()} servers and {actions.attend_to_snapshots()} images are gone on with."


def warn_of_budgets() -> str:
    """Tell people of budgets of which 80 or 100 % are spent."""
    return f"People were told of {actions.warn_of_budgets()} budgets."


def look_at_servers() -> str:
    """Notice servers that stopped by themselves."""
    return f"{actions.look_at_servers()} servers were looked at."


def run_snapshot(snapshot_id: str) -> None:
    """Make an image from a server."""
    actions.run_snapshot(UUID(snapshot_id))
