"""A browser saves a download under the name that the image has, in any script, and nothing else."""

import pytest
from playwright.sync_api import Page

from tests.factories import make_image
from tests.images.stored import content_of
from tests.journeys.conftest import Visit
from tests.people import Cast


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("Ω 日本 “quoted” \u202e", "Ω 日本 “quoted” _.raw"),
        ("Ångström; filename=evil.exe", "Ångström; filename=evil.exe.raw"),
        ("100% %41.txt\\..\\x", "100% %41.txt_.._x.raw"),
        ("../../etc/passwd", "_.._etc_passwd.raw"),
    ],
)
def test_a_file_is_saved_under_the_name_of_its_image(cast: Cast, visit: Visit, name: str, saved: str) -> None:
    image = make_image(cast.acme, cast.alice, name=name)
    page: Page = visit(cast.alice)
    page.goto(f"/a/{cast.acme.number}/images/{image.pk}/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    assert download.value.suggested_filename == saved
    assert download.value.path().read_bytes() == content_of(image.data)
