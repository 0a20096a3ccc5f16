"""The smallest elements of pages: icon, status, time, size. Every template has them without loading them.

They are tags rather than included templates because a page has a hundred of them, and an include costs ten times as
much (``make bench``).
"""

from datetime import datetime
from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.templatetags import panel

register = template.Library()

NOTHING = SafeString('<span class="muted">–</span>')

# The shape that stands beside the word of a status, so that colour never says it alone.
STATUS_ICONS = {
    "active": "dot",
    "accepted": "check",
    "done": "check",
    "pending": "clock",
    "expired": "clock",
    "rejected": "cross",
    "failed": "warning",
    "warning": "warning",
    "deactivated": "pause",
    "deprecated": "warning",
    "obsolete": "cross-circle",
    "retired": "trash",
    "protected": "lock",
    "uploading": "upload",
}


@register.simple_tag
@lru_cache(maxsize=1000)
def icon(name: str, *, classes: str = "", label: str = "") -> SafeString:
    """One icon of static/icons.svg.

    Args:
        name: the id of a symbol there.
        classes: more classes, separated by spaces.
        label: what it says, when no text stands beside it.
    """
    return format_html(
        '<svg class="{}" {} focusable="false"><use href="{}#{}"></use></svg>',
        f"icon {classes}".rstrip(),
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"'),
        static("icons.svg"),
        name,
    )


@register.simple_tag
def status(status: str, *, label: str = "") -> SafeString:
    """A status: a word with a colour and a shape.

    Args:
        status: one of ``STATUS_ICONS``, or "info".
        label: the word, when it is not the status itself.
    """
    shape = icon(STATUS_ICONS.get(status, "info"))
    return format_html('<span class="status status-{}">{}{}</span>', status, shape, capfirst(label or status))


@register.simple_tag
def time(moment: datetime | None) -> SafeString:
    """A moment as its distance from now; the exact time on hover and in the markup. A dash where it has not come."""
    if not moment:
        return NOTHING
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{local.day} {local:%B %Y, %H:%M:%S %Z}",
        panel.ago(moment),
    )


@register.simple_tag
def size(number_of_bytes: int | None) -> SafeString:
    """A size in binary units, the exact bytes on hover. A dash where it is not known."""
    if not isinstance(number_of_bytes, int):
        return NOTHING
    return format_html(
        '<data value="{}" title="{} bytes">{}</data>',
        number_of_bytes,
        f"{number_of_bytes:,}",
        panel.size(number_of_bytes),
    )
