"""Servers: what images are for."""

from django.apps import AppConfig


class ServersConfig(AppConfig):
    """Servers, the clouds in which they run, and what they may cost."""

    name = "servers"
    verbose_name = "Servers"

    def ready(self) -> None:
        """Answer what accounts and images ask."""
        from servers import answers

        answers.register()
