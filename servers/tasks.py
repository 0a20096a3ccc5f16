"""Background tasks of servers."""

from uuid import UUID

from servers import actions


def attend_to_server(server_id: str) -> None:
    """Bring about what is wanted of a server."""
    actions.attend_to_server(UUID(server_id))


def attend_to_servers() -> str:
    """Go on with servers, with images of them, and with what is brought to clouds, that nobody works on."""
    servers, images = actions.attend_to_servers(), actions.attend_to_snapshots()
    return f"{servers} servers, {images} images and {actions.attend_to_copies()} copies are gone on with."


def warn_of_budgets() -> str:
    """Tell people of budgets of which 80 or 100 % are spent."""
    return f"People were told of {actions.warn_of_budgets()} budgets."


def look_at_servers() -> str:
    """Notice servers that stopped by themselves."""
    return f"{actions.look_at_servers()} servers were looked at."


def attend_to_members(image_id: str) -> None:
    """Bring together who has a registered image here, and who has it in its cloud."""
    actions.attend_to_members(UUID(image_id))


def attend_to_all_members() -> str:
    """The same for every registered image."""
    return f"{actions.attend_to_all_members()} registered images are looked at."


def forget_cloud_keys() -> str:
    """Forget the cloud keys of closed accounts that nothing needs any more."""
    return f"{actions.forget_cloud_keys()} cloud keys are forgotten."


def ask_for_networks(key_id: int) -> None:
    """Ask the cloud of a new key which networks it offers."""
    actions.ask_for_networks_of(key_id)


def run_copy(copy_id: int) -> None:
    """Bring image data to a cloud."""
    actions.run_copy(copy_id)


def run_snapshot(snapshot_id: str) -> None:
    """Make an image from a server."""
    actions.run_snapshot(UUID(snapshot_id))
