"""Feeds: the activity of an account for a feed reader, by an address that is secret."""

from django.conf import settings
from django.db import models

from accounts.querysets import FeedQuerySet


class Feed(models.Model):
    """The right to read, by whoever has the address, what one person may know of the activity of one account.

    Of the secret text in the address only a digest is kept. It is worth nothing once the person has left the account.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="feeds")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret text, in hex.")
    made_at = models.DateTimeField(auto_now_add=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="feed_once_per_person_and_account")]

    def __str__(self) -> str:
        return f"{self.user} reads {self.account}"
