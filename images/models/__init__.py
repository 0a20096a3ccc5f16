from images.models.data import DataHold, ImageData, Upload
from images.models.grants import ImageGroupObjectPermission, ImageUserObjectPermission
from images.models.image import Image, ImageTag, Region
from images.models.reference import Reference

__all__ = [
    "DataHold",
    "Image",
    "ImageData",
    "ImageGroupObjectPermission",
    "ImageTag",
    "ImageUserObjectPermission",
    "Reference",
    "Region",
    "Upload",
]
