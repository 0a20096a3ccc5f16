"""All settings of Stockroom, in one file.

Everything comes from the environment. The defaults are those of ``make run`` on a laptop: SQLite, the
file system, mail on the console. Whatever would be unsafe in production stops the start with a sentence
that says what to set. docs/operating.md lists the variables.
"""

import os
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.urls import reverse_lazy

from config.image_stores import read_image_stores
from config.sendfile import read_sendfile
from config.server_ports import PANEL_PORT, read_server_ports

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

PRODUCTION = env.bool("STOCKROOM_PRODUCTION", default=False)
DEBUG = env.bool("DEBUG", default=False)

# A demo panel holds people whose password everybody knows, so it answers to loopback names only.
DEMO = env.bool("STOCKROOM_DEMO", default=False)

# Where the panel keeps what is not code: the database, image data, the secret key. A demo keeps its own.
DATA_DIR = Path(env("STOCKROOM_DATA_DIR", default=str(BASE_DIR / "var" / ("demo" if DEMO else "panel"))))
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
HOST = env("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=PANEL_PORT)
ALLOWED_HOSTS = LOOPBACK_HOSTS if DEMO else env.list("ALLOWED_HOSTS", default=LOOPBACK_HOSTS)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])


def read_secret_key() -> str:
    """The key from ``SECRET_KEY``; outside production one is made once and kept where only its owner reads it.

    Raises:
        ImproperlyConfigured: in production without ``SECRET_KEY``.
    """
    if key := os.environ.get("SECRET_KEY"):
        return key
    if PRODUCTION:
        raise ImproperlyConfigured(
            "Set SECRET_KEY to a long random text: in production the panel does not make one by itself, "
            "because every process and every restart must share it."
        )
    path = DATA_DIR / "secret-key"
    try:
        # "x" fails where the file exists, so that two processes that start at once agree on one key.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(get_random_secret_key())
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = read_secret_key()
# Keys of before: what they signed and encrypted is still read. `manage.py rotate_secrets` makes them needless.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("Unset DEBUG: with it every error page shows settings and code to visitors.")
if PRODUCTION and DEMO:
    raise ImproperlyConfigured("Unset STOCKROOM_DEMO: everybody knows the password of the demo people.")
if PRODUCTION:
    for variable, what in {
        "ALLOWED_HOSTS": "the names that people reach the panel by, with commas between them (panel.example.org)",
        "SITE_URL": "what links in mails start with (https://panel.example.org)",
        "EMAIL_URL": "the mail server (smtp+tls://user:password@mail.example.org:587); without it mails go nowhere",
    }.items():
        if not env(variable, default=""):
            raise ImproperlyConfigured(f"Set {variable} to {what}.")
if PRODUCTION and any(name.startswith(("*", ".")) for name in ALLOWED_HOSTS):
    raise ImproperlyConfigured(
        "Name each host in ALLOWED_HOSTS, without * and leading dots: links in mails that reset a password start with "
        "the name that a browser asked for, so a stranger must not be able to choose it."
    )
if DEBUG and set(ALLOWED_HOSTS) - set(LOOPBACK_HOSTS):
    raise ImproperlyConfigured(
        "DEBUG is for loopback only: unset DEBUG, or remove the public names from ALLOWED_HOSTS."
    )

# --- Applications -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "sharing",
    "images",
    "servers",
    "api",
    "accounts",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "django_include_bootstrap",
    "django_q",
    "template_partials",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "api.middleware.ServicesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.DemoHostMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.CurrentAccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["accounts.templatetags.elements"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.panel",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Data -------------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'stockroom.sqlite3'}")}
# A new connection costs more than most requests, also to SQLite, which reads all tables of the schema first.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)  # seconds
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A deferred transaction that reads and then writes fails at once with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # seconds
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits and one-time marks must hold across processes, so the cache is one that all of them share.
CACHES = {
    "default": env.cache("CACHE_URL")
    if "CACHE_URL" in env
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Past this number Django drops entries that are still valid, and with them somebody's rate limit.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Background work: config/worker.py over the tables of django-q2, with the database as broker (docs/adr/0002).
# Each queue has a process of its own, so that a large image holds up no mail, and a slow cloud no end of a share.
Q_CLUSTER = {
    "name": "control",  # the queue of tasks that name none
    "ALT_CLUSTERS": {"mail": {}, "data": {}, "webhooks": {}, "servers": {}},
    "orm": "default",
    "broker_class": "config.waking.Broker",
    "poll": 0,  # the worker itself waits: QUEUE_SECONDS
    "timeout": 60,
    "retry": 90,  # seconds after which a failed task, or one whose worker died, runs again
    "max_attempts": 5,
    "catch_up": False,
    "label": "Background tasks",
}
QUEUE_SECONDS = 1.0  # between looks at an empty queue; what a process of this host adds is seen at once
# How long a task of each queue may take; its worker renews the lease meanwhile.
TASK_SECONDS = {"control": 300, "servers": 300, "mail": 60, "webhooks": 120, "data": 6 * 3600}

# What happens by the clock: `manage.py sync_schedules` writes it into the database. A name stands for one schedule.
SCHEDULES = {
    "Mail that is due": {"func": "accounts.tasks.send_mail", "cluster": "mail", "minutes": 1},
    "Uploads that have come": {"func": "images.tasks.attend_to_uploads", "cluster": "control", "minutes": 1},
    "Changes of images that are due": {"func": "images.tasks.follow_plans", "cluster": "control", "minutes": 2},
    "Shares that end": {"func": "sharing.tasks.attend_to_ends", "cluster": "control", "minutes": 10},
    "Deliveries to webhooks": {"func": "sharing.tasks.send_deliveries", "cluster": "webhooks", "minutes": 1},
    "Old deliveries to webhooks": {"func": "sharing.tasks.prune_deliveries", "cluster": "control", "minutes": 60},
    "Uploads and image data that nobody needs": {"func": "images.tasks.collect", "cluster": "data", "minutes": 60},
    "Images whose end has come": {"func": "images.tasks.follow_ends", "cluster": "control", "minutes": 10},
    "Servers that nobody works on": {"func": "servers.tasks.attend_to_servers", "cluster": "servers", "minutes": 1},
    "Servers that may have stopped": {"func": "servers.tasks.look_at_servers", "cluster": "servers", "minutes": 1},
    "Budgets that are nearly spent": {"func": "servers.tasks.warn_of_budgets", "cluster": "control", "minutes": 10},
    "Members of registered images": {
        "func": "servers.tasks.attend_to_all_members",
        "cluster": "control",
        "minutes": 10,
    },
    "Cloud keys of closed accounts": {"func": "servers.tasks.forget_cloud_keys", "cluster": "control", "minutes": 60},
    "Verifying image data": {"func": "images.tasks.verify_next", "cluster": "data", "minutes": 60},
}

# --- Image data -------------------------------------------------------------------------------------

# The default store is this folder, unless STOCKROOM_STORES names a default one; regions choose among all of them.
IMAGE_STORE_DIR = Path(env("STOCKROOM_IMAGE_DIR", default=str(DATA_DIR / "images")))
IMAGE_STORES = read_image_stores(os.environ)
# Copies of image data from other machines, for programs that need a file: at most so many bytes of them.
IMAGE_CACHE_DIR = Path(env("STOCKROOM_CACHE_DIR", default=str(DATA_DIR / "cache")))
IMAGE_CACHE_BYTES = env.int("STOCKROOM_CACHE_BYTES", default=20 * 1024**3)
IMAGE_MAX_BYTES = env.int("STOCKROOM_IMAGE_MAX_BYTES", default=64 * 1024**3)
IMAGE_MAX_VIRTUAL_BYTES = env.int("STOCKROOM_IMAGE_MAX_VIRTUAL_BYTES", default=2 * 1024**4)
UPLOAD_LIFETIME_HOURS = env.int("STOCKROOM_UPLOAD_LIFETIME_HOURS", default=24)
# Uploads and downloads at once in each server process (images/transfers/slots.py); what is left serves pages.
TRANSFERS = env.int("STOCKROOM_TRANSFERS", default=max(1, env.int("WEB_THREADS", default=32) * 3 // 4))
# Image data is read and compared with its checksums every week: each hour for so long, and no faster than this.
VERIFY_SECONDS = env.int("STOCKROOM_VERIFY_SECONDS", default=300)
VERIFY_BYTES_PER_SECOND = env.int("STOCKROOM_VERIFY_BYTES_PER_SECOND", default=100 * 1024**2)
# How long the old bytes of moved image data stay, for those who are still reading them.
LEFTOVER_HOURS = env.int("STOCKROOM_LEFTOVER_HOURS", default=24)
# The web server that sends the files of file stores in place of the panel; and whether whoever downloads is sent to
# the store itself where it can give out addresses that hold for a minute.
SENDFILE = read_sendfile(env("STOCKROOM_SENDFILE", default=""))
DOWNLOAD_LINKS = env.bool("STOCKROOM_DOWNLOAD_LINKS", default=True)
# What an account may have unless staff set something else for it; None, which is an empty variable: any number.
QUOTA = {
    counted: int(text) if (text := env(f"STOCKROOM_QUOTA_{counted.upper()}", default=str(most))) else None
    for counted, most in {"bytes": 1024**4, "images": 1000, "uploads": 20, "imports": 5}.items()
}
# How many servers an account may have at once, with how much together (ram in MiB); an empty variable: any number.
SERVER_LIMITS = {
    counted: int(text) if (text := env(f"STOCKROOM_SERVER_LIMIT_{counted.upper()}", default=str(most))) else None
    for counted, most in {"servers": 100, "vcpus": 200, "ram": 256 * 1024, "ports": 200}.items()
}

# How often an account may ask by the API in a minute, its reads and its changes apart (api/limits.py); an empty
# variable: as often as it likes.
API_READS_PER_MINUTE = int(text) if (text := env("STOCKROOM_API_READS_PER_MINUTE", default="3000")) else None
API_CHANGES_PER_MINUTE = int(text) if (text := env("STOCKROOM_API_CHANGES_PER_MINUTE", default="600")) else None

# Where imports may go: names (with a dot in front: all below, too), networks, and * for every public address. A name
# may also lead to private addresses, a network to any. What is blocked is blocked whatever is allowed (docs/adr/0014).
IMPORT_HOSTS = env.list("STOCKROOM_IMPORT_HOSTS", default=["*"])
IMPORT_BLOCKED_HOSTS = env.list("STOCKROOM_IMPORT_BLOCKED_HOSTS", default=[])
IMPORT_PORTS = env.list("STOCKROOM_IMPORT_PORTS", cast=int, default=[80, 443])
IMPORT_HOURS = env.int("STOCKROOM_IMPORT_HOURS", default=24)  # for one import, its breaks included

# Where webhooks may go: as for imports, but by http only to what is named here. What is blocked is blocked for both.
WEBHOOK_HOSTS = env.list("STOCKROOM_WEBHOOK_HOSTS", default=["*"])
WEBHOOK_PORTS = env.list("STOCKROOM_WEBHOOK_PORTS", cast=int, default=[80, 443])

# Programs that work on image data are locked in (docs/adr/0015). Where the kernel cannot do that, they do not run,
# unless this is off.
SANDBOX_STRICT = env.bool("STOCKROOM_SANDBOX_STRICT", default=True)
QEMU_IMG = env("STOCKROOM_QEMU_IMG", default="qemu-img")
CONVERSION_DIR = Path(env("STOCKROOM_CONVERSION_DIR", default=str(DATA_DIR / "conversions")))
CONVERSION_SECONDS = env.int("STOCKROOM_CONVERSION_SECONDS", default=2 * 3600)
# Bytes of address space: QEMU reserves much of it for 64 threads, and touches little.
CONVERSION_MEMORY = env.int("STOCKROOM_CONVERSION_MEMORY", default=4 * 1024**3)
LOOK_SECONDS = env.int("STOCKROOM_LOOK_SECONDS", default=300)
LOOK_MEMORY = env.int("STOCKROOM_LOOK_MEMORY", default=1024**3)  # bytes of address space

# Families of one account.
FAMILIES_PER_ACCOUNT = env.int("STOCKROOM_FAMILIES_PER_ACCOUNT", default=200)

# --- Servers ----------------------------------------------------------------------------------------

# Disks, consoles and sockets of the servers that run on this host.
SERVERS_DIR = Path(env("STOCKROOM_SERVERS_DIR", default=str(DATA_DIR / "servers")))
QEMU_SYSTEM = env("STOCKROOM_QEMU_SYSTEM", default="qemu-system-x86_64")
# "tcg" emulates a processor anywhere; "kvm" is many times faster; "auto" is "kvm" where a trial says that it works.
QEMU_ACCELERATOR = env("STOCKROOM_QEMU_ACCELERATOR", default="auto")
if QEMU_ACCELERATOR not in ("auto", "kvm", "tcg"):
    raise ImproperlyConfigured("STOCKROOM_QEMU_ACCELERATOR is auto, kvm or tcg.")
# MiB that running servers may have together; three quarters of this host's memory unless set.
SERVERS_MEMORY = env.int(
    "STOCKROOM_SERVERS_MEMORY", default=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4 // 1024**2
)
# MiB of this host that disks of servers never fill: before that, servers are held.
SERVERS_ROOM = env.int("STOCKROOM_SERVERS_ROOM", default=1024)
# Where this host answers for the ports of servers.
SERVERS_PORTS = read_server_ports(os.environ)
# Whether clouds may be reached by http on this host itself: for trying out, and for a proxy that adds TLS.
CLOUDS_ON_LOOPBACK = env.bool("STOCKROOM_CLOUDS_ON_LOOPBACK", default=False)
# What prices and budgets are in: three letters, as in ISO 4217.
CURRENCY = env("STOCKROOM_CURRENCY", default="USD")
# How long a guest that is asked to shut down may take before it is switched off.
SERVERS_STOP_SECONDS = env.int("STOCKROOM_SERVERS_STOP_SECONDS", default=10)

# --- Sharing ----------------------------------------------------------------------------------------

OFFER_LIFETIME_DAYS = env.int("STOCKROOM_OFFER_LIFETIME_DAYS", default=30)
# When shares end: unless the producer says otherwise, and at the latest. None, for which 0 stands: never.
SHARE_DEFAULT_DAYS = env.int("STOCKROOM_SHARE_DEFAULT_DAYS", default=0) or None
SHARE_MAX_DAYS = env.int("STOCKROOM_SHARE_MAX_DAYS", default=0) or None
# Letters about an offer wait so long, and the producer can undo it meanwhile.
UNDO_SECONDS = env.int("STOCKROOM_UNDO_SECONDS", default=60)
# Offers to this login are offers to the marketplace: staff decide on them.
MARKETPLACE_LOGIN = env("STOCKROOM_MARKETPLACE_LOGIN", default="hubfirst")
# An account's or a person's, so that nobody is flooded.
OFFERS_PER_DAY = env.int("STOCKROOM_OFFERS_PER_DAY", default=500)

# Reports of images, and requests to staff, that a person sends in a day.
CASES_PER_DAY = env.int("STOCKROOM_CASES_PER_DAY", default=20)

# --- Signing in -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "images.backends.ImageBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: nobody has rights without signing in
# guardian.W001 wants guardian's own backend; ours takes its place (images/backends.py says why).
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.entrance_forms.SignInForm",
    "signup": "accounts.entrance_forms.SignUpForm",
    "add_email": "accounts.entrance_forms.NewAddressForm",
    "change_password": "accounts.entrance_forms.NewPasswordForm",
    "set_password": "accounts.entrance_forms.FirstPasswordForm",
    "reauthenticate": "accounts.entrance_forms.ConfirmPasswordForm",
    "reset_password": "accounts.entrance_forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.entrance_forms.PasswordByLinkForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_USERNAME_VALIDATORS = "accounts.validators.login_validators"
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_SESSION_REMEMBER = None
# Beside allauth's own limits: tries to accept for an account by signing in, and claim codes that people enter. Both
# are for people who are signed in; how fast somebody guesses passwords, "login" and "login_failed" say for both doors.
ACCOUNT_RATE_LIMITS = {"prove": "30/h/user", "claim": "20/10m/user,30/10m/ip,1000/10m/key"}
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before addresses change: whoever finds a browser open cannot take over
SIGNUP_OPEN = env.bool("STOCKROOM_SIGNUP_OPEN", default=True)
# Invitations that a person, or a group of people, sends in a day, so that nobody is flooded.
INVITATIONS_PER_DAY = env.int("STOCKROOM_INVITATIONS_PER_DAY", default=50)
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.entrance_forms.SecondFactorForm",
    "reauthenticate": "accounts.entrance_forms.ConfirmCodeForm",
    "activate_totp": "accounts.entrance_forms.FirstCodeForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Stockroom"

# --- Mail -------------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 30  # seconds
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Stockroom <stockroom@localhost>")
SITE_URL = env("SITE_URL", default=f"http://{HOST}:{PORT}").rstrip("/")  # what links in mails start with

# --- Words and time ---------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

# --- Static files -----------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.StaticFilesStorage"},
}

# --- Safety in the browser --------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],  # Bootstrap's icons and the QR code of a second factor are data URLs
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
# How many proxies stand before the panel: rate limits and events count by the address that the outermost one adds to
# X-Forwarded-For. With one too few, everybody shares the address, and the limits, of the proxy.
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=PRODUCTION)
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXY_COUNT", default=1) if BEHIND_PROXY else 0
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page, never from the cookie
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # a load balancer asks from beside the panel, without TLS
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # One line per task that ends badly; its lines per task that starts, runs and ends are noise.
    "loggers": {
        "django-q": {"level": "WARNING"},
        # What it thinks of a hostile file is told to whoever sent the file.
        "oslo_utils.imageutils.format_inspector": {"level": "CRITICAL"},
        # Their DEBUG lines hold all that is sent to a cloud, user data of servers included.
        "keystoneauth": {"level": "INFO"},
        # Whoever scans the network asks for any name; each would cost thirty lines.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
