"""What rows of shares need: the page of a group, and the ends that can be chosen with one click."""

from django import template

from accounts.models import Organization, Team
from accounts.pages import group_path
from accounts.viewer import Viewer
from sharing.choices import Ending, endings_for
from sharing.lasting import Lasting
from sharing.models import Share

register = template.Library()


@register.simple_tag
def row_group_url(viewer: Viewer, share: Share) -> str:
    """The page of a group or organization that the viewer is in, with its people; empty for everybody else."""
    if share.is_addressed:
        return ""
    group: Team | Organization = getattr(share.recipient, f"as_{share.kind}")
    return group_path(viewer, group) if group.pk in viewer.principals else ""


@register.simple_tag
def periods(share: Share, lasting: Lasting) -> list[Ending]:
    """The ends that a share can be given."""
    return endings_for(share, lasting.max_days)
