"""The heart: offers of images, and the consent of those who receive them."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """Offers, decisions and grants."""

    name = "sharing"
    verbose_name = "Sharing"

    def ready(self) -> None:
        """Answer what accounts and images ask."""
        from sharing import answers

        answers.register()
