"""Addresses of the pages of accounts, groups and organizations."""

from django import template

from accounts.models import AnyGroup
from accounts.pages import group_path
from accounts.viewer import Viewer

register = template.Library()


@register.simple_tag
def group_url(viewer: Viewer, group: AnyGroup, page: str = "detail", **more: object) -> str:
    """The address of a page of a group: ``{% group_url viewer group "invite" %}``."""
    return group_path(viewer, group, page, **more)
