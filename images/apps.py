"""The images: records, their data, who may see and use them."""

from django.apps import AppConfig


class ImagesConfig(AppConfig):
    """Machine images and their data."""

    name = "images"
    verbose_name = "Images"
