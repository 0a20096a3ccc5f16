"""The application server's configuration."""

import socket

import pytest

from config import gunicorn


def test_a_client_that_stalls_does_not_keep_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn, "STALLED_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gunicorn.forget_stalled_clients(listener)
        with socket.create_connection(listener.getsockname()) as client:
            connection, _address = listener.accept()
            with connection:
                connection.setblocking(True)  # as gunicorn does
                client.sendall(b"abc")
                assert connection.recv(10) == b"abc"
                with pytest.raises(BlockingIOError):
                    connection.recv(10)


def test_there_is_room_for_pages_beside_slow_uploads() -> None:
    assert gunicorn.worker_class == "gthread"
    assert gunicorn.threads >= 16


def test_no_header_says_what_addresses_begin_with() -> None:
    assert gunicorn.forwarder_headers == ""


def test_no_socket_is_opened_in_the_home_folder() -> None:
    assert gunicorn.control_socket_disable is True
