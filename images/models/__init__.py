from images.models.data import ContentCheck, DataHold, ImageData, Leftover
from images.models.family import Family
from images.models.grants import ImageGroupObjectPermission, ImageUserObjectPermission
from images.models.hidden import HiddenImage
from images.models.image import Image, ImageTag, Region
from images.models.planned import PlannedChange
from images.models.quota import Quota, QuotaRequest
from images.models.reference import Reference
from images.models.upload import Conversion, Import, Upload

__all__ = [
    "ContentCheck",
    "Conversion",
    "DataHold",
    "Family",
    "HiddenImage",
    "Image",
    "ImageData",
    "ImageGroupObjectPermission",
    "ImageTag",
    "ImageUserObjectPermission",
    "Import",
    "Leftover",
    "PlannedChange",
    "Quota",
    "QuotaRequest",
    "Reference",
    "Region",
    "Upload",
]
