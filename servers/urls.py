"""Addresses of servers, formations and keys."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
