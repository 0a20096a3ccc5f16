"""Filters that every page uses: how sizes, times and account numbers are written."""

import json as json_module
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.formats import date_format

from accounts.numbers import grouped

register = template.Library()

UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
GIBIBYTE = 1024  # MiB
TWO_DIGITS = 10  # from here on a decimal says nothing
FOUR_DIGITS = 1000  # from here on the next unit is shorter to read

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SEVERAL_DAYS = timedelta(days=7)  # older than this, the date says more than the distance


@register.filter
def size(number_of_bytes: int | None) -> str:
    """Write a number of bytes with a binary unit and three digits at most.

    Django's own ``filesizeformat`` divides by 1024 and then says "MB", which is a decimal unit.

    Args:
        number_of_bytes: bytes, or None where the size is not known yet.

    Returns:
        "310 MiB", "2.1 GiB", or a dash for an unknown size.
    """
    if number_of_bytes is None:
        return "–"
    if number_of_bytes == 1:
        return "1 byte"
    value, unit = float(number_of_bytes), "bytes"
    for larger in UNITS:
        if value < FOUR_DIGITS:
            break
        value, unit = value / 1024, larger
    decimals = 1 if unit != "bytes" and value < TWO_DIGITS else 0
    return f"{value:.{decimals}f} {unit}"


@register.filter
def memory(mebibytes: int) -> str:
    """Write an amount of memory exactly, as people order it.

    Args:
        mebibytes: as clouds count memory.

    Returns:
        "512 MiB", "1.5 GiB", "2 GiB", "9999 MiB".
    """
    if mebibytes < GIBIBYTE or mebibytes % (GIBIBYTE // 2):
        return f"{mebibytes} MiB"
    return f"{mebibytes / GIBIBYTE:g} GiB"


@register.filter
def ago(moment: datetime | None) -> str:
    """Write a moment as its distance from now, or as a date where that says more.

    Args:
        moment: a moment with a time zone, or None where it has not come.

    Returns:
        "just now", "5 min ago", "in 3 h", "2 days ago", "3 Nov", "3 Nov 2025", or a dash.
    """
    if moment is None:
        return "–"
    now = timezone.now()
    distance = abs(now - moment)
    if distance < MINUTE:
        return "just now" if moment <= now else "in a moment"
    if distance >= SEVERAL_DAYS:
        local = timezone.localtime(moment)
        return date_format(local, "j M" if local.year == timezone.localtime(now).year else "j M Y")
    words = _distance_in_words(distance)
    return f"{words} ago" if moment < now else f"in {words}"


@register.filter
def day(moment: datetime) -> str:
    """Write the day of a moment: "3 Dec", with the year where it is another one."""
    local = timezone.localtime(moment)
    return date_format(local, "j M" if local.year == timezone.localtime().year else "j M Y")


@register.filter
def day_and_time(moment: datetime) -> str:
    """Write a moment that somebody has to be there for: "today 14:05", "tomorrow 09:00", "3 Dec 14:05"."""
    local, now = timezone.localtime(moment), timezone.localtime()
    days = (local.date() - now.date()).days
    name = {0: "today", 1: "tomorrow"}.get(days) or day(moment)
    return f"{name} {local:%H:%M}"


def _distance_in_words(distance: timedelta) -> str:
    if distance < HOUR:
        return f"{distance // MINUTE} min"
    if distance < DAY:
        return f"{distance // HOUR} h"
    days = distance // DAY
    return f"{days} {'day' if days == 1 else 'days'}"


@register.filter
def account_number(number: str) -> str:
    """Group the ten digits of an account number so that they can be read aloud: "4071 3859 62"."""
    return grouped(number)


@register.filter
def initials(name: str) -> str:
    """Give the one or two letters that stand in an avatar: "Acme Producers" is "AP"."""
    words = name.split()
    letters = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in letters).upper()


@register.filter
def json(value: Any) -> str:
    """Write a value as JSON for a data attribute. The template escapes it like any other text."""
    return json_module.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
