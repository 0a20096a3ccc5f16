"""Addresses of people, accounts, groups and organizations."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
