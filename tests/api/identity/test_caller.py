"""Who asks, by the token of a request."""

from tests.api.conftest import MakeProgram
from tests.people import Cast


def test_what_identity_does_not_have_is_not_found(api: MakeProgram, cast: Cast) -> None:
    answer = api(cast.producer).get("/identity/v3/nothing-like-this")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"code": 404, "message": "The resource could not be found.", "title": "Not Found"}
    }
