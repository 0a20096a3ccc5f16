"""A receiver over a store that speaks S3: what uploads, imports and conversions are made of."""

from hashlib import sha512

import pytest

from images.problems import CannotContinue
from images.stores.s3 import S3Store
from images.streams import Intake, Receiver, Snapshot
from tests.images.files import disk
from tests.images.stores.bytes_of_images import MIB, PART, content, some_bytes

INTAKE = Intake(max_bytes=100 * MIB, max_virtual_bytes=1024 * MIB)


def receive(receiver: Receiver, data: bytes) -> Snapshot:
    """Feed everything, in the small chunks of a network, and wait until it is safe."""
    for start in range(0, len(data), 100_000):
        receiver.feed(data[start : start + 100_000])
    snapshot = receiver.snapshot()
    snapshot.durable.result()
    return snapshot


def test_a_receiver_survives_kills_and_breaks_at_odd_bytes(s3: S3Store) -> None:
    data = disk(2 * PART + 3 * MIB + 512)
    key = s3.begin()
    killed = Receiver(writer=s3.write(key), intake=INTAKE)
    snapshot = receive(killed, data[:777])
    for stop in (3 * MIB + 1, PART + 7, 2 * PART + 99):
        killed = Receiver.resume(store=s3, key=key, intake=INTAKE, offset=snapshot.offset, state=snapshot.state)
        snapshot = receive(killed, data[snapshot.offset : stop])
        assert snapshot.offset == stop
        killed.feed(b"what was on the line when the power went")
    with Receiver.resume(store=s3, key=key, intake=INTAKE, offset=snapshot.offset, state=snapshot.state) as receiver:
        receive(receiver, data[snapshot.offset :])
        received = receiver.finish()
    assert content(s3, key, stamp=received.stamp) == data
    assert (received.size, received.sha512) == (len(data), sha512(data).hexdigest())


def test_without_the_state_of_the_hashes_the_file_is_asked_for_anew(s3: S3Store) -> None:
    key = s3.begin()
    snapshot = receive(Receiver(writer=s3.write(key), intake=INTAKE), some_bytes(3 * MIB))
    with pytest.raises(CannotContinue, match="from its beginning"):
        Receiver.resume(store=s3, key=key, intake=INTAKE, offset=snapshot.offset, state=None)
    s3.abort(key)


def test_data_that_was_finished_just_before_the_kill_is_taken_as_it_is(s3: S3Store) -> None:
    data = disk(PART + 512)
    key = s3.begin()
    first = Receiver(writer=s3.write(key), intake=INTAKE)
    snapshot = receive(first, data)
    first.finish()
    with Receiver.resume(store=s3, key=key, intake=INTAKE, offset=snapshot.offset, state=snapshot.state) as receiver:
        assert receiver.finish().stamp == s3.stamp(key)
    assert content(s3, key) == data
