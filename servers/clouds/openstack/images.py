"""The image service of a cloud: bringing image data there once, and the members of images that are there already.

An image that was brought there bears a mark: which image data it is, with its checksum. Its id there is made from the
data, the project and a number, and a cloud gives an id only once: so two workers that begin at the same time, even of
two panels, cannot both make it.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID, uuid5

from openstack import exceptions as sdk
from openstack.connection import Connection
from openstack.image.v2._proxy import Proxy
from openstack.image.v2.image import Image

from servers.clouds.base import Bytes, CloudBusy, CloudProblem, CloudRefused, Found, ImageNeeded, Source
from servers.clouds.openstack.access import Access, connected
from servers.clouds.openstack.problems import RegionSetUpWrong, in_words, one_line

IDS = UUID("6a1c2a53-3b0e-4a3b-8f57-3d0c9a3a7f0e")  # the namespace of ids that are made here
DATA, CHECKSUM = "stockroom_data", "stockroom_sha512"
MOST_TRIES = 100  # ids that were used before, by images that were deleted there
ACTIVE = "active"
BOOTABLE = frozenset({"qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx", "iso", "ami"})


class CloudImages:
    """The images of one cloud, as one key sees them."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _sdk(self) -> Connection:
        return connected(self._access)

    @property
    def _images(self) -> Proxy:
        proxy = self._sdk.image
        if not isinstance(proxy, Proxy):
            raise RegionSetUpWrong(self._access.region, "its cloud has no Image service of version 2")
        return proxy

    @property
    def project_id(self) -> str:
        """The project of the key."""
        with in_words(self._access):
            return str(self._sdk.session.get_project_id() or "")

    def image_for(self, source: Source) -> str:
        """The id in the cloud of the image of a machine.

        Raises:
            ImageNeeded: it has to be brought there first.
        """
        if source.registered_as:
            return source.registered_as
        whole = next((image for image in self._marked(source) if _is_whole(image, source)), None)
        if whole is None:
            raise ImageNeeded(f"{one_line(source.name)} is being brought to the cloud of {self._access.region}.")
        return str(whole.id)

    def bring(self, source: Source, data: Bytes) -> str:
        """Bring image data to the cloud, unless it is there. Called by one worker at a time for each project and data.

        What an earlier one has left half done is removed: nothing there tells how far it came.

        Args:
            data: its bytes.

        Returns:
            The id of the image there.

        Raises:
            CloudBusy: somebody else has just begun.
            CloudProblem: it did not work; then nothing is left of it that could be taken for whole.
        """
        for image in self._marked(source):
            if _is_whole(image, source):
                return str(image.id)
            self._remove(image.id)
        image_id = self._begun(source)
        try:
            with in_words(self._access):
                # The bytes go as they are read: the size is known, so that nothing is sent in chunks.
                answer = Image(id=image_id).upload(self._images, data=data, size=source.size)
                sdk.raise_from_response(answer)
            return self._checked(image_id, source)
        except BaseException:
            with contextlib.suppress(CloudProblem):
                self._remove(image_id)
            raise

    def forget(self, source: Source) -> None:
        """Bring about that the cloud has nothing that was brought there of some image data."""
        for image in self._marked(source):
            self._remove(image.id)

    def find(self, image_id: str) -> Found:
        """An image that is there already.

        Raises:
            CloudRefused: this key sees no such image, or servers cannot boot from it.
        """
        image = self.get(image_id) if _is_id(image_id) else None
        if image is None:
            raise CloudRefused(f"The cloud of {self._access.region} has no image {one_line(image_id)!r} for this key.")
        if reason := _why_not_registered(image):
            raise CloudRefused(reason)
        return _found(image)

    def find_own(self, image_id: str) -> Found:
        """An image that is there already, and belongs to the project of this key.

        Raises:
            CloudRefused: there is none, it is somebody else's, or servers cannot boot from it.
        """
        found = self.find(image_id)
        if found.owner != self.project_id:
            raise CloudRefused("That image belongs to another project of the cloud: only its owner can register it.")
        return found

    # --- Members --------------------------------------------------------------------------------------

    def members(self, image_id: str) -> dict[str, str]:
        """The projects with which an own image is shared there, and whether each has accepted it.

        Raises:
            CloudRefused: it is gone, or not shared there.
        """
        with in_words(self._access):
            return {str(each.id or each.member_id): str(each.status) for each in self._images.members(image_id)}

    def add_member(self, image_id: str, project_id: str) -> None:
        """Let a project have an own image. Twice is not an error."""
        with in_words(self._access):
            image = self._images.get_image(image_id)
            if image.visibility == "private":
                self._images.update_image(image, visibility="shared")
            with contextlib.suppress(sdk.ConflictException):
                self._images.add_member(image_id, member_id=project_id)

    def remove_member(self, image_id: str, project_id: str, *, owner: str) -> None:
        """Let a project have an own image no more. A cloud may have doubled it: until nothing is left.

        Raises:
            CloudRefused: the image is another project's. Then the cloud says the same as where there is no member.
        """
        with in_words(self._access):
            for _try in range(MOST_TRIES):
                try:
                    self._images.remove_member(project_id, image_id, ignore_missing=False)
                except sdk.NotFoundException:
                    break
        image = self.get(image_id)
        if self.project_id != (_owner(image) if image else owner):
            raise CloudRefused(
                f"The cloud key for {self._access.region} is not of the project to which the image belongs, so that "
                "nobody can be removed there by it. Give a key of that project."
            )

    def accept(self, image_id: str) -> None:
        """Accept an image of another project, for the project of this key.

        Raises:
            CloudRefused: it is not shared with this project.
        """
        with in_words(self._access):
            self._images.update_member(self.project_id, image_id, status="accepted")

    # --- Data -----------------------------------------------------------------------------------------

    def read(self, image_id: str, *, chunk: int) -> Iterator[bytes]:
        """The bytes of an image."""
        with in_words(self._access):
            answer = self._images.get(f"/images/{image_id}/file", stream=True, headers={"Accept": "*/*"})
            with contextlib.closing(answer):
                sdk.raise_from_response(answer)
                yield from answer.iter_content(chunk)

    def get(self, image_id: str) -> Image | None:
        """An image by its id; nothing where there is none."""
        with in_words(self._access):
            try:
                return self._images.get_image(image_id)
            except sdk.NotFoundException:
                return None

    def tagged(self, tag: str) -> list[Image]:
        """The project's own images with a tag."""
        with in_words(self._access):
            return list(self._images.images(owner=self.project_id, tag=tag))

    def remove(self, image_ids: Iterable[str]) -> None:
        """Delete images; those that are gone are no error."""
        for image_id in image_ids:
            self._remove(image_id)

    def _marked(self, source: Source) -> list[Image]:
        return self.tagged(tag_of(source))

    def _begun(self, source: Source) -> str:
        """Make an empty image with an id of its own.

        Raises:
            CloudBusy: somebody else has just made it.
        """
        project = self.project_id
        for number in range(MOST_TRIES):
            image_id = str(uuid5(IDS, f"{project} {source.data_id} {number}"))
            with in_words(self._access), contextlib.suppress(sdk.ConflictException):
                Image(**_new(source, image_id)).create(self._images)
                return image_id
            taken = self.get(image_id)
            # Else somebody has only guessed the id. Tags are no sign: a cloud writes them a moment after the image.
            if taken is not None and _properties_of(taken).get(DATA) == str(source.data_id):
                raise CloudBusy(f"{one_line(source.name)} is being brought there by somebody else.")
        raise CloudProblem(f"The cloud of {self._access.region} gives no id for the image.")

    def _checked(self, image_id: str, source: Source) -> str:
        image = self.get(image_id)
        if image is None or not _is_whole(image, source):
            raise CloudProblem(f"What has come to the cloud of {self._access.region} is not what was sent.")
        return image_id

    def _remove(self, image_id: str) -> None:
        with in_words(self._access):
            try:
                self._images.delete_image(image_id, ignore_missing=True)
            except sdk.ConflictException:
                raise CloudBusy("What is left of an earlier attempt there is still in use.") from None


def _new(source: Source, image_id: str) -> dict[str, Any]:
    return {
        "id": image_id,
        "name": source.name,
        "disk_format": "vpc" if source.disk_format == "vhd" else source.disk_format,
        "container_format": "bare",
        "visibility": "private",
        "tags": [tag_of(source)],
        DATA: str(source.data_id),
        CHECKSUM: source.sha512,
    }


def tag_of(source: Source) -> str:
    """By which the cloud finds the image again; the properties say the same, with the checksum, for people there."""
    return f"stockroom-{source.data_id}"


def _is_whole(image: Image, source: Source) -> bool:
    """Whether it is active and holds the very bytes: by the strongest hash that the cloud has of them."""
    if image.status != ACTIVE or image.size != source.size:
        return False
    if image.hash_algo == "sha512" and image.hash_value:
        return bool(image.hash_value == source.sha512)
    return bool(image.checksum == source.md5)


def _properties_of(image: Image) -> dict[str, Any]:
    return image.properties if isinstance(image.properties, dict) else {}


def _why_not_registered(image: Image) -> str:
    if image.status != ACTIVE:
        return f"That image is {one_line(str(image.status))} there: it has to be active."
    if not image.size:
        return "That image has no data of its own there: it stands for a volume."
    if str(image.disk_format) not in BOOTABLE | {"vpc"}:
        return f"Servers cannot boot from the format {one_line(str(image.disk_format))}."
    return ""


def _found(image: Image) -> Found:
    properties = _properties_of(image)
    return Found(
        id=str(image.id),
        name=one_line(str(image.name or "")),
        owner=_owner(image),
        visibility=str(image.visibility),
        disk_format="vhd" if image.disk_format == "vpc" else str(image.disk_format),
        container_format=str(image.container_format),
        size=int(image.size),
        virtual_size=int(image.virtual_size or 0),
        min_disk=int(image.min_disk or 0),
        min_ram=int(image.min_ram or 0),
        md5=str(image.checksum or ""),
        sha512=str(image.hash_value or "") if image.hash_algo == "sha512" else "",
        architecture=str(image.architecture or properties.get("architecture") or ""),
    )


def _owner(image: Image) -> str:
    return str(image.owner or image.owner_id or "")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
