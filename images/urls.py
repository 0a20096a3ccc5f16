"""Addresses of images and their data."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
