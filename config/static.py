"""How static files are named and served."""

from typing import ClassVar

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = r"""(?P<matched>import(?P<names>\s[^"';]*)from\s*"(?P<url>\./[^"]+)";)"""


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Compressed, under names that change with their contents; so are the names that our scripts import each other by.

    Django can do that for every script (``support_js_module_import_aggregation``), but stumbles over those of packages.
    """

    patterns: ClassVar = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((IMPORT, 'import%(names)sfrom "%(url)s";'),)),
    )
