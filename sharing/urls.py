"""Addresses of offers, decisions and trust."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
