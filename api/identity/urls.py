"""Addresses of OpenStack Identity v3, below /identity/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInIdentity

urlpatterns: list[URLPattern] = [
    re_path(r"^.*$", NotInIdentity.as_view()),
]
