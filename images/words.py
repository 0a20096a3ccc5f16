"""Words for figures, as people read them."""

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def readable_size(size: int) -> str:
    """A number of bytes in the largest unit that fits, with one decimal where it says something: "1.5 GiB"."""
    power = min(max(size.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    if power == 0:
        return "1 byte" if size == 1 else f"{size} bytes"
    number = f"{size / 1024**power:.1f}".removesuffix(".0")
    return f"{number} {UNITS[power]}"
