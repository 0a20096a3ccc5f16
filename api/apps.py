"""The API: OpenStack Identity v3 and Image v2, over the same actions and querysets as the pages."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tokens and credentials, and the two services that programs speak to."""

    name = "api"
    verbose_name = "API"

    def ready(self) -> None:
        """Answer what accounts and images ask."""
        from api import answers

        answers.register()
