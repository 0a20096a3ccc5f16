"""Addresses of what servers keeps for a person, whatever the account."""

from django.urls import URLPattern, path

from servers.views import keys

urlpatterns: list[URLPattern] = [
    path("ssh-keys/", keys.ssh_key_list, name="ssh_key_list"),
    path("ssh-keys/<int:pk>/remove/", keys.ssh_key_remove, name="ssh_key_remove"),
]
