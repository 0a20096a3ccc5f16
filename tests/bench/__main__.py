"""All benchmarks, one after the other: ``make bench``. One alone: ``python -m tests.bench.upload``."""

import pkgutil
import subprocess
import sys

import tests.bench


def main() -> int:
    """Run each module of this folder in a process of its own, so that none warms another's caches.

    Returns:
        How many failed.
    """
    names = sorted(f"tests.bench.{module.name}" for module in pkgutil.iter_modules(tests.bench.__path__))
    failed = 0
    for name in (name for name in names if not name.endswith("__main__")):
        print(f"\n== {name}", flush=True)
        failed += bool(subprocess.run([sys.executable, "-m", name], check=False).returncode)
    return failed


if __name__ == "__main__":
    sys.exit(main())
