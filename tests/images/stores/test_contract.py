"""What every store of image data promises: see ``images.stores.base``."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from images.problems import DamagedData, NoSuchData, StoreProblem, WriterReplaced, WrongOffset
from images.stores import ImageStore
from tests.images.stores.bytes_of_images import MIB, PART, content, keep, keys_in, send, some_bytes
from tests.images.stores.conftest import MakeStore

SIZES = [0, 1, PART - 1, PART, PART + 1, 3 * PART + 12345]


@pytest.mark.parametrize("size", SIZES)
def test_data_is_given_back_as_it_came(store: ImageStore, size: int) -> None:
    data = some_bytes(size)
    key = keep(store, data)
    assert content(store, key) == data
    assert (store.exists(key), store.size(key)) == (True, size)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, None, b"0123456789"), (4, None, b"456789"), (4, 7, b"456"), (8, 99, b"89"), (10, None, b""), (7, 4, b"")],
)
def test_a_part_of_the_data_can_be_read(store: ImageStore, start: int, stop: int | None, expected: bytes) -> None:
    key = keep(store, b"0123456789")
    assert content(store, key, start=start, stop=stop) == expected


def test_a_part_reads_like_a_file_that_ends_where_the_part_ends(store: ImageStore) -> None:
    key = keep(store, b"0123456789")
    with closing(store.read(key, start=2, stop=8)) as part:
        assert (part.read(4), part.read(0), part.read(4), part.read(), part.read()) == (b"2345", b"", b"67", b"", b"")


def test_a_range_over_the_border_of_two_parts_is_whole(store: ImageStore) -> None:
    data = some_bytes(2 * PART)
    key = keep(store, data)
    assert content(store, key, start=PART - 3, stop=PART + 3) == data[PART - 3 : PART + 3]


def test_data_is_invisible_until_it_is_finished(store: ImageStore) -> None:
    key = store.begin()
    with closing(store.write(key)) as writer:
        send(writer, some_bytes(PART + 1))
        writer.sync().result()
        assert not store.exists(key)
        for use in (store.read, store.size, store.stamp):
            with pytest.raises(NoSuchData):
                use(key)
        with pytest.raises(NoSuchData), store.local_file(key):
            pass
        writer.finish()
    assert store.exists(key)


def test_finished_data_is_never_written_again(store: ImageStore) -> None:
    key = keep(store, b"whole")
    for offset in (0, 5):
        with pytest.raises(NoSuchData):
            store.write(key, offset=offset)
    store.abort(key)
    assert content(store, key) == b"whole"


@pytest.mark.parametrize("size", [1, PART, 2 * PART + MIB + 7])
def test_an_upload_goes_on_where_it_was_let_go(make_store: MakeStore, size: int) -> None:
    data = some_bytes(size + 1000)
    key = make_store().begin()
    with closing(make_store().write(key)) as writer:
        send(writer, data[:size])
    with closing(make_store().write(key, offset=size)) as writer:
        assert writer.offset == size
        send(writer, data[size:])
        writer.finish()
    assert content(make_store(), key) == data


@pytest.mark.parametrize("size", [1, PART, 2 * PART + MIB + 7])
def test_an_upload_goes_on_where_it_was_safe_when_the_server_died(make_store: MakeStore, size: int) -> None:
    data = some_bytes(size + 3 * PART)
    key = make_store().begin()
    killed = make_store().write(key)
    send(killed, data[:size])
    killed.sync().result()
    send(killed, b"what nobody heard of")
    with closing(make_store().write(key, offset=size)) as writer:
        send(writer, data[size:])
        writer.finish()
    assert content(make_store(), key) == data


def test_an_upload_goes_on_at_the_last_but_one_safe_place_too(make_store: MakeStore) -> None:
    """The database may not know of the last one yet when the server dies."""
    data = some_bytes(3 * PART)
    key = make_store().begin()
    killed = make_store().write(key)
    for start, stop in ((0, MIB), (MIB, PART + MIB), (PART + MIB, 2 * PART + MIB)):
        send(killed, data[start:stop])
        killed.sync().result()
    with closing(make_store().write(key, offset=PART + MIB)) as writer:
        send(writer, data[PART + MIB :])
        writer.finish()
    assert content(make_store(), key) == data


def test_an_upload_may_begin_anew_after_any_break(make_store: MakeStore) -> None:
    data = some_bytes(PART + 17, seed=2)
    key = make_store().begin()
    for _ in range(2):
        killed = make_store().write(key)
        send(killed, some_bytes(PART + 1))
        killed.sync().result()
    with closing(make_store().write(key, offset=0)) as writer:
        assert writer.offset == 0
        send(writer, data)
        writer.finish()
    assert content(make_store(), key) == data


def test_an_upload_survives_many_small_goes(make_store: MakeStore) -> None:
    data = some_bytes(PART + MIB)
    key = make_store().begin()
    for start in range(0, len(data), 2 * MIB):
        with closing(make_store().write(key, offset=start)) as writer:
            send(writer, data[start : start + 2 * MIB])
    with closing(make_store().write(key, offset=len(data))) as writer:
        writer.finish()
    assert content(make_store(), key) == data


def test_what_is_not_there_cannot_be_gone_on_from(make_store: MakeStore) -> None:
    key = make_store().begin()
    with pytest.raises(WrongOffset):
        make_store().write(key, offset=1)
    with closing(make_store().write(key)) as writer:
        send(writer, b"1234")
    with pytest.raises(WrongOffset):
        make_store().write(key, offset=5)
    with closing(make_store().write(key, offset=4)) as writer:
        writer.finish()
    assert content(make_store(), key) == b"1234"


def test_a_newer_writer_makes_the_older_one_fail(make_store: MakeStore) -> None:
    data, other = some_bytes(2 * PART + 5), some_bytes(2 * PART + 5, seed=2)
    key = make_store().begin()
    older = make_store().write(key)
    send(older, data[:PART])
    older.sync().result()
    newer = make_store().write(key, offset=PART)
    with pytest.raises(WriterReplaced):
        send(older, other[PART:])
        older.finish()
    older.close()
    send(newer, data[PART:])
    newer.finish()
    newer.close()
    assert content(make_store(), key) == data


def test_the_older_writer_cannot_spoil_what_the_newer_one_keeps(make_store: MakeStore) -> None:
    data = some_bytes(PART + 5)
    key = make_store().begin()
    older = make_store().write(key)
    send(older, data[:MIB])
    older.sync().result()
    newer = make_store().write(key, offset=MIB)
    send(newer, data[MIB:])
    newer.sync().result()
    with pytest.raises(WriterReplaced):
        send(older, b"something else")
        older.sync().result()
        older.finish()
    older.close()
    with closing(make_store().write(key, offset=len(data))) as newest:
        newest.finish()
    assert content(make_store(), key) == data


def test_of_many_who_write_at_once_one_finishes(make_store: MakeStore) -> None:
    key = make_store().begin()
    versions = [some_bytes(PART + MIB, seed=number) for number in range(4)]

    def try_to(data: bytes) -> bytes | None:
        try:
            with closing(make_store().write(key)) as writer:
                send(writer, data)
                writer.finish()
        except (WriterReplaced, NoSuchData):
            return None
        return data

    with ThreadPoolExecutor(len(versions)) as threads:
        done = [data for data in threads.map(try_to, versions) if data is not None]
    assert len(done) == 1
    assert content(make_store(), key) == done[0]


def test_aborting_stops_the_writer_and_leaves_nothing(make_store: MakeStore) -> None:
    store = make_store()
    key = store.begin()
    writer = store.write(key)
    send(writer, some_bytes(PART + 1))
    writer.sync().result()
    for _ in range(2):
        make_store().abort(key)
    with pytest.raises(NoSuchData):
        send(writer, some_bytes(PART))
        writer.finish()
    writer.close()
    with pytest.raises(NoSuchData):
        make_store().write(key)
    assert list(store.stored()) == []


def test_deleting_leaves_nothing_and_can_be_repeated(store: ImageStore) -> None:
    key = keep(store, some_bytes(PART + 1))
    for _ in range(2):
        store.delete(key)
    assert list(store.stored()) == []
    assert not store.exists(key)
    with pytest.raises(NoSuchData):
        store.size(key)


def test_a_writer_may_be_closed_more_than_once(store: ImageStore) -> None:
    key = store.begin()
    writer = store.write(key)
    writer.close()
    writer.close()
    assert store.write(key).finish() == store.stamp(key)


def test_the_store_tells_what_lies_in_it(store: ImageStore) -> None:
    finished, unfinished, empty = keep(store, some_bytes(PART + 1)), store.begin(), store.begin()
    with closing(store.write(unfinished)) as writer:
        send(writer, some_bytes(PART + 3))
    found = {each.key: each for each in store.stored()}
    assert found.keys() == {finished, unfinished, empty}
    assert (found[finished].size, found[finished].finished) == (PART + 1, True)
    assert not found[unfinished].finished
    assert found[unfinished].size >= PART + 3
    for each in found.values():
        assert abs(datetime.now(UTC) - each.modified_at) < timedelta(minutes=1)


def test_data_that_was_changed_afterwards_is_not_given_out(store: ImageStore) -> None:
    """Another file under the same key stands for a disk or a server that has lost its mind."""
    first, second = keep(store, b"as it was"), keep(store, b"as it is")
    stamp = store.stamp(first)
    assert content(store, first, stamp=stamp) == b"as it was"
    assert store.stamp(second) != stamp
    with pytest.raises(DamagedData):
        content(store, second, stamp=stamp)
    with pytest.raises(DamagedData):
        content(store, second, start=3, stop=5, stamp=stamp)
    with pytest.raises(DamagedData):
        content(store, second, start=3, stop=3, stamp=stamp)


def test_a_program_gets_a_file_with_the_data(store: ImageStore) -> None:
    data = some_bytes(PART + 1)
    with store.local_file(keep(store, data)) as path:
        assert path.read_bytes() == data


def test_what_is_unfinished_can_be_read_back_or_the_store_says_no(store: ImageStore) -> None:
    key = store.begin()
    with closing(store.write(key)) as writer:
        send(writer, b"0123456789")
        writer.sync().result()
        try:
            with closing(store.read_back(key, stop=4)) as opened:
                assert opened.read() == b"0123"
        except NoSuchData:
            assert store.name == "s3"


UNKEYS = [
    "",
    "x",
    "../../etc/passwd",
    "..",
    "/etc/passwd",
    "A" * 32,
    "g" * 32,
    "0" * 31,
    "0" * 33,
    "0" * 32 + "\n",
    "٠" * 32,
]
USES: list[Callable[[ImageStore, str], object]] = [
    lambda store, key: store.write(key),
    lambda store, key: store.read_back(key, stop=1),
    lambda store, key: store.abort(key),
    lambda store, key: store.delete(key),
    lambda store, key: store.exists(key),
    lambda store, key: store.size(key),
    lambda store, key: store.stamp(key),
    lambda store, key: store.read(key),
    lambda store, key: store.local_file(key).__enter__(),
]


def test_only_keys_of_its_own_become_part_of_a_name(store: ImageStore) -> None:
    for key in UNKEYS:
        for use in USES:
            with pytest.raises(NoSuchData):
                use(store, key)


def test_keys_are_not_given_twice(store: ImageStore) -> None:
    assert len({store.begin() for _ in range(5)}) == 5
    assert len(keys_in(store, finished=False)) == 5


def test_a_problem_says_nothing_about_where_the_data_is(store: ImageStore) -> None:
    with pytest.raises(StoreProblem) as problem:
        store.size("0" * 32)
    assert str(problem.value) == "There is no image data under this key."
