"""Claim codes: secret texts that stand for pending shares."""

from django.db import models


class ClaimCode(models.Model):
    """What is kept of the code by which a share can be claimed. The code itself is shown once, to whoever made it.

    Who made it and when, whom it is for, and until when it holds stand in the share.
    """

    share = models.OneToOneField("sharing.Share", on_delete=models.CASCADE, related_name="claim_code")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the code.")

    def __str__(self) -> str:
        return f"Claim code of {self.share}"
