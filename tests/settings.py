"""The panel's settings, with what would only slow tests down taken out."""

from config.settings import *  # noqa: F403 - all of them, that is the point
from config.settings import DATA_DIR, DATABASES, STATIC_ROOT, STORAGES

# bcrypt and its kin are slow on purpose; a test signs in hundreds of people.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Pages name static files as they are, so that no test needs collectstatic first.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns where it is missing
# All threads of a test share it, and conftest.py empties it after each.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# A test asks more in a second than a program does in an hour; tests/api/test_limits.py sets limits of its own.
API_READS_PER_MINUTE = API_CHANGES_PER_MINUTE = None
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in a real panel: threads have connections of their own, and locks are real locks.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = 0  # a test database is dropped at the end, so nobody may stay connected
