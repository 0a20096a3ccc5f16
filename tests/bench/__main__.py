"""All benchmarks, one after the other: ``make bench``. One alone: ``python -m tests.bench.upload``."""

import subprocess
import sys

BENCHMARKS = ("listing", "pages", "growth", "api", "load", "alike", "bulk", "upload", "transfers", "servers")


def main() -> int:
    """Run each in a process of its own, so that none warms another's caches.

    Returns:
        How many failed.
    """
    failed = 0
    for name in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        failed += bool(subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode)
    return failed


if __name__ == "__main__":
    sys.exit(main())
