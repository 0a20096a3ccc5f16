"""Addresses of servers, formations and keys."""

from django.urls import URLPattern, path

from servers import views

urlpatterns: list[URLPattern] = [
    path("servers/create/", views.server_create, name="server_create"),
]
