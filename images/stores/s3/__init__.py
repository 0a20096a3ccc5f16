"""Image data in any store that speaks S3."""

from images.stores.s3.store import S3Store

__all__ = ["S3Store"]
