"""What the file of a form goes into where there is no database: a store, and nothing else."""

from types import TracebackType
from typing import Self

from images.stores import ImageStore
from images.streams import Intake, Received, Receiver


class StoreSink:
    """Receives into a store; keeps nothing of what is not completed.

    Attributes:
        key: of what comes.
    """

    def __init__(self, store: ImageStore, intake: Intake) -> None:
        self.key = store.begin()
        self._store = store
        self._receiver = Receiver(writer=store.write(self.key), intake=intake)
        self._is_complete = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiver.close()
        if not self._is_complete:
            self._store.abort(self.key)
            self._store.delete(self.key)  # the last look is at finished data

    def feed(self, chunk: bytes) -> None:
        self._receiver.feed(chunk)

    def complete(self) -> tuple[str, Received]:
        """The key of the data, and what is known of it."""
        received = self._receiver.finish()
        self._is_complete = True
        return self.key, received
