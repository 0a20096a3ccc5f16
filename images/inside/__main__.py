"""See ``images.inside``."""

import json
import sys

from images.inside.looking import look
from images.inside.report import Report


def tell(report: Report) -> None:
    """Print what is known so far."""
    sys.stdout.write(f"{json.dumps(report.as_json())}\n")
    sys.stdout.flush()


look(sys.argv[1], sys.argv[2], tell=tell)
