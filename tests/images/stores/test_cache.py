"""The cache of local copies: bounded, shared between processes, and safe against kills."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
from pytest_django.fixtures import Settings

from images.problems import Busy, NoSuchData, StoreFull, StoreProblem
from images.stores.cache import ImageCache, default_cache
from images.stores.s3 import S3Store
from tests.images.stores.bytes_of_images import keep


class Source:
    """Data that counts how often it is fetched."""

    def __init__(self, data: bytes = b"0123456789") -> None:
        self.data = data
        self.fetched = 0

    def __call__(self) -> "Source":
        self.fetched += 1
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield from (self.data[:4], self.data[4:])

    def close(self) -> None:
        """Nothing is open."""


Use = Callable[..., bytes]


@pytest.fixture
def cache(tmp_path: Path) -> ImageCache:
    return ImageCache(tmp_path / "cache", limit=30)


@pytest.fixture
def use(cache: ImageCache) -> Use:
    """Bring a copy into the cache and read it."""

    def use(name: str, source: Source | None = None) -> bytes:
        source = source or Source()
        with cache.file(name, len(source.data), source) as path:
            return path.read_bytes()

    return use


def copies(cache: ImageCache) -> set[str]:
    return {path.name for path in cache.folder.iterdir() if path.name != "lock"}


def test_a_copy_is_fetched_once(cache: ImageCache, use: Use) -> None:
    source = Source()
    for _ in range(3):
        assert use("s3.a", source) == source.data
    assert source.fetched == 1
    assert copies(cache) == {"s3.a"}


def test_an_empty_image_has_a_copy_too(use: Use) -> None:
    assert use("s3.a", Source(b"")) == b""


def test_what_was_not_used_for_longest_goes_first(cache: ImageCache, use: Use) -> None:
    for name in ("s3.a", "s3.b", "s3.c", "s3.a", "s3.d"):
        use(name)
        time.sleep(0.01)
    assert copies(cache) == {"s3.a", "s3.c", "s3.d"}


def test_what_is_in_use_stays(cache: ImageCache, use: Use) -> None:
    with cache.file("s3.a", 10, Source()) as path:
        for name in ("s3.b", "s3.c", "s3.d", "s3.e"):
            use(name)
        assert path.read_bytes() == b"0123456789"
    assert copies(cache) == {"s3.a", "s3.d", "s3.e"}


def test_when_everything_is_in_use_one_has_to_wait(cache: ImageCache, use: Use) -> None:
    with ExitStack() as stack:
        for name in ("s3.a", "s3.b", "s3.c"):
            stack.enter_context(cache.file(name, 10, Source()))
        with pytest.raises(Busy, match="Try again in a while"):
            use("s3.d")
    assert use("s3.d") == b"0123456789"


def test_an_image_larger_than_the_cache_is_refused_before_it_is_fetched(cache: ImageCache) -> None:
    source = Source(b"x" * 31)
    with pytest.raises(StoreFull, match="STOCKROOM_CACHE_BYTES"), cache.file("s3.a", 31, source):
        pass
    assert source.fetched == 0


@pytest.mark.parametrize("size", [9, 11])
def test_data_of_another_length_is_no_copy(cache: ImageCache, size: int) -> None:
    with pytest.raises(StoreProblem, match="fetched whole"), cache.file("s3.a", size, Source()):
        pass
    assert copies(cache) == set()


def test_a_fetch_that_fails_leaves_nothing(cache: ImageCache) -> None:
    def fail() -> Source:
        raise NoSuchData("There is no image data under this key.")

    with pytest.raises(NoSuchData), cache.file("s3.a", 10, fail):
        pass
    assert copies(cache) == set()


def test_an_error_of_the_user_is_the_users_own(cache: ImageCache) -> None:
    with pytest.raises(FileNotFoundError, match="theirs"), cache.file("s3.a", 10, Source()):
        raise FileNotFoundError("theirs")
    assert copies(cache) == {"s3.a"}


def test_a_full_disk_is_told(cache: ImageCache, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patches:
        patches.setattr(os, "posix_fallocate", full)
        with pytest.raises(StoreFull, match="disk of the panel is full"):
            use("s3.a")
    assert use("s3.a") == b"0123456789"


def test_of_many_who_need_a_copy_at_once_one_fetches_it(cache: ImageCache) -> None:
    everybody_came = Event()

    class Slow(Source):
        def __iter__(self) -> Iterator[bytes]:
            everybody_came.wait(5)
            yield self.data

    source = Slow()

    def read(_: int) -> bytes:
        with cache.file("s3.a", 10, source) as path:
            return path.read_bytes()

    with ThreadPoolExecutor(8) as threads:
        results = threads.map(read, range(8))
        time.sleep(0.1)
        everybody_came.set()
        assert set(results) == {source.data}
    assert source.fetched == 1


def test_the_bound_holds_whatever_many_do_at_once(cache: ImageCache) -> None:
    largest = 0

    def work(number: int) -> None:
        nonlocal largest
        name = f"s3.{number % 7}"
        try:
            with cache.file(name, 10, Source(name.encode().ljust(10))) as path:
                assert path.read_bytes() == name.encode().ljust(10)
                largest = max(largest, sum(cache._sizes().values()))
        except Busy:
            pass

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(200)))
    assert 0 < largest <= cache.limit
    assert not any(name.endswith(".part") for name in copies(cache))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import django
django.setup()
from images.stores.cache import ImageCache

class Source:
    def __iter__(self):
        yield b"0123"
        os.kill(os.getpid(), signal.SIGKILL)

    def close(self):
        pass

for name in sys.argv[3:]:
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        with ImageCache(Path(sys.argv[1]), 30).file(name, 20, Source):
            pass
"""


def test_what_a_killed_process_left_is_taken_away_or_made_anew(cache: ImageCache, use: Use) -> None:
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", KILLED, cache.folder, root, "s3.a", "s3.b"], check=True)
    assert copies(cache) == {"s3.b.part"}  # the second took the room of the first
    assert use("s3.b", Source(b"x" * 20)) == b"x" * 20
    assert copies(cache) == {"s3.b"}


def test_a_store_elsewhere_uses_the_cache_of_the_settings(s3: S3Store, settings: Settings, tmp_path: Path) -> None:
    settings.IMAGE_CACHE_DIR = tmp_path / "copies"
    settings.IMAGE_CACHE_BYTES = 100
    key = keep(s3, b"data")
    with s3.local_file(key) as path:
        assert path == tmp_path / "copies" / f"s3.{key}"
        assert path.read_bytes() == b"data"
    assert default_cache().limit == 100
