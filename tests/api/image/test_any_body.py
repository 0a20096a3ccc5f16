"""Whatever a program sends, it is told what is wrong with it, and the panel stays on its feet."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as playing
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from api.image.fields import COLUMNS, KEPT_BACK, ONLY_WHEN_MADE, PORTS, WRITABLE
from api.image.patches import NEW, OLD
from images.models import Image
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db

IMAGES = "/image/v2/images"
NAMES = [*WRITABLE, *ONLY_WHEN_MADE, *COLUMNS, *KEPT_BACK, PORTS, "status", "self", "", "/", "~", "\0", "\ud800", "é"]

words = st.one_of(st.sampled_from(["public", "shared", "raw", "bare", "22,443", "\0", "\udc00", "x" * 300]), st.text())
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)
names = st.one_of(st.sampled_from(NAMES), words)
operations = st.fixed_dictionaries(
    {},
    optional={
        "op": st.one_of(st.sampled_from(["add", "replace", "remove", "move"]), values),
        "path": st.one_of(names.map("/{}".format), values),
        "value": values,
        "add": names.map("/{}".format),
        "remove": names.map("/{}".format),
    },
)
some = playing(max_examples=playing().max_examples // 2, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def no_quota(settings: Settings) -> None:
    """Any number of images."""
    settings.QUOTA = dict.fromkeys(settings.QUOTA)


@pytest.fixture
def queued(program: Program) -> str:
    """The id of a queued image."""
    pk: str = program.post(IMAGES, json={}).json()["id"]
    return pk


def sent(body: Any) -> bytes:
    """As JSON; with escapes, so that every text can be sent."""
    return json.dumps(body).encode()


@some
@given(body=st.one_of(st.dictionaries(names, values, max_size=4), values))
def test_a_new_image(program: Program, body: object) -> None:
    answer = program.post(IMAGES, data=sent(body))
    assert answer.status_code in (201, 400, 403, 413), answer.content
    if answer.status_code == 201:
        assert program.get(answer.headers["Location"]).json() == answer.json()


@some
@given(body=st.one_of(st.lists(operations, max_size=4), values), kind=st.sampled_from([NEW, OLD]))
def test_a_change(program: Program, golden: Image, queued: str, body: object, kind: str) -> None:
    for pk in (golden.pk, queued):
        answer = program.patch(f"{IMAGES}/{pk}", data=sent(body), content_type=kind)
        assert answer.status_code in (200, 400, 403, 409, 413), answer.content
