"""Where the data of registered images lies: in the cloud of their region. It never comes here."""

from collections.abc import Iterator
from typing import NoReturn

from images.problems import StoreProblem
from images.stores.base import Stored

ELSEWHERE = "cloud"
NOT_HERE = "The data of this image lies in the cloud of its region, and never came here."


class Elsewhere:
    """Keeps nothing. Its keys are a region and the id that the image has in the cloud there.

    What an account registers stays its own in that cloud: whoever deletes the image here deletes nothing there.
    """

    name = ELSEWHERE

    def delete(self, key: str) -> None:
        """Nothing of it is here."""

    abort = delete

    def exists(self, key: str) -> bool:
        """Nobody can tell without a cloud key."""
        return True

    def stored(self) -> Iterator[Stored]:
        """Nothing of it is here."""
        return iter(())

    def link(self, key: str, *, filename: str, content_type: str, seconds: int) -> str:
        """Nobody gets it from here."""
        return ""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise StoreProblem(NOT_HERE)

    begin = write = read_back = read = size = stamp = local_file = _refuse
