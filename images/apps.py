"""The images: records, their data, who may see and use them."""

from django.apps import AppConfig


class ImagesConfig(AppConfig):
    """Machine images and their data."""

    name = "images"
    verbose_name = "Images"

    def ready(self) -> None:
        """Answer what accounts asks."""
        from images import answers

        answers.register()
