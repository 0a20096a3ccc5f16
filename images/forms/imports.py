"""What people type to import an image."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.validators import is_one_line
from images.checksums import read_checksum
from images.forms.facts import NewImageForm
from images.outside import IMPORTS, Address, RefusedAddress

ARCHIVE = re.compile(r"\.(gz|xz)$", re.IGNORECASE)
DISK = re.compile(r"\.(qcow2|img|raw|vmdk|vhdx?|vdi|iso|bin)$", re.IGNORECASE)
IS_ARCHIVE = "This looks like a gzip or xz archive. Tick this, or give the address of the disk itself."


class AddressField(forms.CharField):
    """An address that the panel would go to."""

    widget: type[forms.Widget] = forms.URLInput
    reach = IMPORTS

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            try:
                Address.parsed(value, self.reach)
            except RefusedAddress as problem:
                raise ValidationError(str(problem)) from problem


class ChecksumField(AddressField):
    """A checksum, or the address of a file that has it."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text if is_address(text) else read_checksum(text)

    def validate(self, value: str) -> None:
        if is_address(value):
            super().validate(value)


def is_address(text: str) -> bool:
    """Whether a checksum is to be fetched."""
    return "/" in text


class ImportForm(NewImageForm):
    """A new image of a file somewhere else."""

    url = AddressField(
        label="Address of the file",
        help_text="http or https. qcow2, raw, vmdk, vhd, vhdx, vdi or iso; the format is found by itself.",
        error_messages={"required": "Give the address of the disk image."},
    )
    checksum = ChecksumField(
        label="Checksum",
        required=False,
        max_length=2000,
        help_text="The file's sha256, sha512 or md5, or the address of a file such as SHA256SUMS. "
        "What does not match is refused.",
    )
    unpack = forms.BooleanField(label="It is a gzip or xz archive: unpack it", required=False)
    field_order = ("url", "checksum", "unpack", "name")  # as on the page, so that the list of errors has its order
    name = forms.CharField(
        max_length=255,
        required=False,
        validators=[is_one_line],
        help_text="People you share it with see this name. If it stays empty, the file's name is taken.",
    )

    def clean(self) -> dict[str, Any]:
        """Take the name from the address, and notice an archive."""
        cleaned = super().clean()
        if url := cleaned.get("url"):
            filename = Address.parsed(url).filename
            if ARCHIVE.search(filename) and not cleaned.get("unpack"):
                self.add_error("unpack", IS_ARCHIVE)
            if not cleaned.get("name") and "name" not in self.errors:
                cleaned["name"] = name_of(filename)
                if not cleaned["name"]:
                    self.add_error("name", "Give the image a name: the address does not end with one.")
        return cleaned

    def source(self) -> dict[str, Any]:
        """Where the file comes from, as the action takes it."""
        checksum = self.cleaned_data["checksum"]
        kind = "checksum_url" if is_address(checksum) else "checksum"
        return {"url": self.cleaned_data["url"], "unpack": self.cleaned_data["unpack"], kind: checksum}


def name_of(filename: str) -> str:
    """What an image is called by default: as its file, without the ending."""
    return DISK.sub("", ARCHIVE.sub("", filename)) or filename
