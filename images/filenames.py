"""What a file is called when somebody saves it."""

from django.utils.http import content_disposition_header


def attachment(filename: str) -> str:
    """A Content-Disposition that saves a file under this name, in any script (RFC 6266).

    Slashes and characters that cannot be seen become "_": names come from people and end up in folders of others.
    """
    name = "".join("_" if char in "/\\" or not char.isprintable() else char for char in filename).strip(" .")
    return content_disposition_header(as_attachment=True, filename=name or "image") or "attachment"
