"""How many servers an account may have."""

from django.db import models


class ServerLimit(models.Model):
    """What staff have allowed one account; what is empty is as for everybody (``settings.SERVER_LIMITS``)."""

    account = models.OneToOneField(
        "accounts.Account", on_delete=models.PROTECT, primary_key=True, related_name="server_limit"
    )
    servers = models.PositiveIntegerField(null=True, blank=True, help_text="Servers at once, stopped ones too.")
    vcpus = models.PositiveIntegerField("vCPUs", null=True, blank=True, help_text="Of all of them together.")
    ram = models.PositiveIntegerField("memory", null=True, blank=True, help_text="MiB, of all of them together.")
    ports = models.PositiveIntegerField("forwarded ports", null=True, blank=True, help_text="Of all of them together.")
    note = models.CharField(max_length=255, blank=True, help_text="Why; for staff.")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Server limit of {self.account}"
