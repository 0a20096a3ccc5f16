"""QEMU on this host."""

from servers.clouds.local.cloud import LocalCloud

__all__ = ["LocalCloud"]
