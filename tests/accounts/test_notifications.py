"""What the list of notifications shows of a message."""

from accounts.models import Notification


def test_the_gist_is_the_first_paragraph_after_the_greeting() -> None:
    message = Notification(body="Hello Alice,\n\nBob accepted the image.\n\nThe table shows it.\n\nGoodbye.\n")
    assert message.gist == "Bob accepted the image."
    assert message.rest == "The table shows it.\n\nGoodbye."


def test_a_message_without_greeting_is_all_gist() -> None:
    message = Notification(body="Carol has joined Acme.")
    assert (message.gist, message.rest) == ("Carol has joined Acme.", "")


def test_a_greeting_alone_is_still_something() -> None:
    assert Notification(body="Hello Alice,").gist == "Hello Alice,"
