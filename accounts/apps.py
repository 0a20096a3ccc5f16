"""The people: users, accounts, groups and organizations."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and what they belong to."""

    name = "accounts"
    verbose_name = "People and accounts"
