"""The Django admin of images. Records are read only; what staff may do goes through the same actions as the pages."""

from images.admin.data import DataHoldAdmin, ImageDataAdmin, ImportAdmin, RegionAdmin, UploadAdmin
from images.admin.images import GrantAdmin, ImageAdmin, ReferenceAdmin
from images.admin.quotas import QuotaAdmin, QuotaRequestAdmin

__all__ = [
    "DataHoldAdmin",
    "GrantAdmin",
    "ImageAdmin",
    "ImageDataAdmin",
    "ImportAdmin",
    "QuotaAdmin",
    "QuotaRequestAdmin",
    "ReferenceAdmin",
    "RegionAdmin",
    "UploadAdmin",
]
