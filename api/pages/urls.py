"""Addresses of the pages about programs, below an account."""

from django.urls import URLPattern, path

from api.pages import credentials

urlpatterns: list[URLPattern] = [
    path("api-access/", credentials.credential_list, name="credential_list"),
]
