"""How long it takes to offer many images to many recipients at once: ``python -m tests.bench.bulk``.

One POST of the share box through Django's handler, on SQLite, up to the most that one page takes; half of the
recipients have an account. The result page is in it, with a line for each image and recipient.
"""

import argparse
import time
from typing import TYPE_CHECKING

from tests.bench.panel import panel

if TYPE_CHECKING:
    from tests.people import Cast

SIZES = ((1, 1), (1, 100), (10, 10), (50, 100))  # images, recipients


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with panel():
        measure()


def measure() -> None:
    """Print what each size takes."""
    from django.conf import settings

    from tests.people import call_together

    settings.ALLOWED_HOSTS, settings.OFFERS_PER_DAY = ["testserver"], 100_000
    cast = call_together()
    _offer(cast, 1, 1)  # templates compiled, connection open
    print(f"{'images':>7} {'recipients':>11} {'offers':>7} {'seconds':>8} {'CPU s':>7} {'ms an offer':>12} {'kB':>8}")
    for images, recipients in SIZES:
        wall, cpu, weight = _offer(cast, images, recipients)
        offers = images * recipients
        print(
            f"{images:7} {recipients:11} {offers:7} {wall:8.2f} {cpu:7.2f} {cpu / offers * 1000:12.1f} {weight:8.1f}",
            flush=True,
        )


def _offer(cast: "Cast", images: int, recipients: int) -> tuple[float, float, float]:
    """Seconds on the clock and of the processor, and the kilobytes of the answer."""
    from django.urls import reverse

    from sharing.forms.terms import QUESTIONS
    from sharing.models import Share
    from tests import factories
    from tests.bench.visits import client_of

    data = factories.make_data()
    made = [factories.make_image(cast.acme, cast.alice, data=data) for _ in range(images)]
    known = [factories.make_account(f"Customer {number}", cast.trudy).number for number in range(recipients // 2)]
    unknown = [f"person-{number}@example.org" for number in range(recipients - len(known))]
    query = "&".join(f"image={image.pk}" for image in made)
    path = f"{reverse('share_images', args=[cast.acme.number])}?{query}"
    client = client_of(cast.alice)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = client.post(path, {"recipients": ", ".join(known + unknown), "questions": list(QUESTIONS)})
    page = b"".join(answer) if answer.streaming else answer.content
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    offered = Share.objects.filter(image__in=made).count()
    assert offered == images * recipients, f"{offered} of {images * recipients} offers were made."
    return wall, cpu, len(page) / 1000


if __name__ == "__main__":
    main()
