"""The panel's own settings for a server that is asked as often as it can answer."""

from config.settings import *  # noqa: F403 - all of them, that is the point

ROOT_URLCONF = "tests.bench.urls"
API_READS_PER_MINUTE = API_CHANGES_PER_MINUTE = None
OFFERS_PER_DAY = 1_000_000
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # one person signs in hundreds of times
