"""What sharing answers when accounts and images ask (``accounts.hooks``, ``images.hooks``)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Count, Max, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

import accounts.hooks
import accounts.permissions
import images.hooks
from accounts.models import User
from accounts.once import once_for_each
from accounts.templatetags.panel import day
from accounts.viewer import Viewer
from images.hooks import BulkAction, Holding, MenuEntry
from images.menus import address
from images.models import Image
from images.permissions import Verb, refusal
from sharing import actions, handing_over, news_of_images, rules
from sharing.actions import cases
from sharing.actions.asking import why_not_ask_for_public
from sharing.actions.decisions import why_not_leave
from sharing.actions.lasting import asked_lately, ending_for
from sharing.actions.policies import follow_use
from sharing.actions.secrets import rotate_secrets
from sharing.addresses import parse
from sharing.announcements import plan_changed
from sharing.effects import consequences
from sharing.governing import joining_terms, pages_of, requests_of
from sharing.inbox import count_waiting, offers_of, open_offers
from sharing.models import AddressKind, Case, Share
from sharing.notices import MOST_SHOWN, not_dismissed, notices_for
from sharing.permissions import cases_for, is_reviewed_by, may_review
from sharing.policies import prepare, use_refusal
from sharing.querysets import gives_access, is_waiting
from sharing.rows import MOST_ROWS, rows_of, with_servers
from sharing.targets import offer_refusal


def register() -> None:
    """Register every answer. Called once, when the apps are ready."""
    accounts.hooks.closing.register(actions.end_shares_of)
    accounts.hooks.closing.register(actions.end_webhooks_of)
    accounts.hooks.recorded.register(actions.queue_deliveries)
    accounts.hooks.closing_consequences.register(closing_consequences)
    accounts.hooks.group_pages.register(pages_of)
    accounts.hooks.joining_terms.register(joining_terms)
    accounts.hooks.email_confirmed.register(actions.resolve_email)
    accounts.hooks.number_is_spoken_for.register(number_is_spoken_for)
    accounts.hooks.account_sections.register(offers_section)
    accounts.hooks.secrets.register(rotate_secrets)
    accounts.hooks.review_desk.register(review_desk)
    accounts.hooks.waiting.register(count_waiting)
    images.hooks.image_changed.register(actions.follow_image)
    images.hooks.image_created.register(offer_new_image)
    images.hooks.members_planned.register(actions.offer_to_planned)
    images.hooks.family_followers.register(actions.followers_of)
    images.hooks.family_grew.register(actions.give_version)
    images.hooks.family_left.register(actions.forget_family)
    images.hooks.end_changed.register(news_of_images.end_changed)
    handing_over.register()
    images.hooks.change_planned.register(plan_changed)
    images.hooks.consequences.register(consequences)
    images.hooks.detail_sections.register(detail_section)
    images.hooks.detail_notices.register(detail_notices)
    images.hooks.list_notices.register(list_notices)
    images.hooks.known_as.register(known_as)
    images.hooks.quota_request_changed.register(cases.follow_quota_request)
    images.hooks.row_notes.register(row_notes)
    images.hooks.under_review.register(is_reviewed_by)
    images.hooks.visibility_notes.register(way_to_access)
    images.hooks.visibility_notes.register(public_request)
    images.hooks.menu_entries.register(menu_entries)
    images.hooks.ways_to_add.register(ways_to_add)
    images.hooks.bulk_actions.register(bulk_actions)
    images.hooks.use_refusals.register(use_refusal)
    images.hooks.images_read.register(prepare)
    images.hooks.data_taken.register(follow_use)
    images.hooks.open_refusals.register(open_refusal)
    images.hooks.revival_refusals.register(revival_refusal)


def offers_section(request: HttpRequest, viewer: Viewer) -> str:
    """Where an account asks staff for more offers a day. No query."""
    reason = accounts.permissions.refusal(viewer.role, accounts.permissions.Verb.ASK_FOR_MORE, viewer.account)
    return render_to_string("sharing/offers_section.html", {"number": viewer.account.number, "reason": reason}, request)


def revival_refusal(viewer: Viewer, image: Image) -> str:
    """Why an image cannot be shared once more with those who had it before. Asked once for a page."""
    kept = vars(image)  # of one viewer's page: nobody else asks about this one
    if "revival_refusal" not in kept:
        kept["revival_refusal"] = rules.revival_refusal(rules.rules_of(image.account), image, viewer)
    reason: str = kept["revival_refusal"]
    return reason


def way_to_access(request: HttpRequest, image: Image) -> str:
    """Below the choice of who sees a private image: where to remove what keeps it from being shared."""
    viewer = _viewer(request)
    if image.visibility != Image.Visibility.PRIVATE or not revival_refusal(viewer, image):
        return ""
    context = {"image": image, "number": viewer.account.number}
    return render_to_string("sharing/way_to_access.html", context, request)


def review_desk(user: User) -> int | None:
    """How many cases wait on the review desk, for somebody who decides there."""
    return cases_for(user).waiting().count() if may_review(user) else None


def number_is_spoken_for(number: str) -> bool:
    """Whether an offer names this account number, so that a new account must not get it."""
    return Share.objects.filter(kind=AddressKind.NUMBER, address=number).exists()


def closing_consequences(group: Group) -> list[str]:
    """What ends when an account, group or organization is closed."""
    received = Share.objects.live().giving_access().filter(recipient=group.pk).count()
    return [f"{_count(received, 'image')} shared with it will no longer be."] if received else []


def offer_new_image(image: Image, by: Viewer, recipients: str) -> None:
    """Offer an image that was just made to the recipients typed beside the upload.

    Raises:
        ValidationError: when something typed cannot be an address.
    """
    if addresses := parse(recipients):
        actions.offer(image.pk, by=by, addresses=addresses)


def detail_section(request: HttpRequest, image: Image) -> str:
    """Image Sharing at the bottom of Image Detail; for somebody else's image, how one came to it."""
    viewer = _viewer(request)
    if image.account_id != viewer.account.pk:
        return _held_section(request, viewer, image)
    rows = with_servers(rows_of(image, viewer), viewer)
    context = {
        "image": image,
        "rows": rows,
        "requests": requests_of(image, viewer),
        "more": len(rows) == MOST_ROWS,
        "number": viewer.account.number,
        "offer_refusal": offer_refusal(viewer, image),
        "act_refusal": refusal(viewer, Verb.OFFER, image),
        "remove_refusal": refusal(viewer, Verb.REMOVE_SHARE, image),
    }
    return render_to_string("sharing/image_sharing.html", context, request)


def _held_section(request: HttpRequest, viewer: Viewer, image: Image) -> str:
    held = list(Share.objects.held_by(viewer, image).select_related("decided_by"))
    if not held:
        return ""
    ending = ending_for(viewer, held)
    context = {
        "image": image,
        "held": held,
        "number": viewer.account.number,
        "refusal": why_not_leave(viewer, held),
        "ending": ending,
        "decides_for": viewer.decides_for,
        "is_asked": bool(ending) and len(asked_lately(image, ending)) == len(ending),
    }
    return render_to_string("sharing/image_held.html", context, request)


def detail_notices(request: HttpRequest, image: Image) -> str:
    """The offers of this image that wait for a decision."""
    viewer = _viewer(request)
    notices = notices_for(viewer, offers_of(viewer, image))
    return _render_notices(request, {"notices": notices, "on_detail": True}) if notices else ""


def list_notices(request: HttpRequest, region: str) -> str:
    """The offers of a region, or of all, above Saved Images."""
    viewer = _viewer(request)
    offers = [offer for offer in open_offers(viewer) if region in ("", offer.image.region_id)]
    shown = not_dismissed(request, offers)
    if not shown:
        return ""
    notices = notices_for(viewer, shown[:MOST_SHOWN])
    return _render_notices(request, {"notices": notices, "more": len(shown) - len(notices)})


def _render_notices(request: HttpRequest, context: dict[str, object]) -> str:
    return render_to_string("sharing/notices.html", context | {"number": _viewer(request).account.number}, request)


@once_for_each
def open_refusal(viewer: Viewer) -> str:
    """Why images of the viewer's account cannot be open to everybody. One query per request."""
    return rules.open_refusal(rules.rules_of(viewer.account))


def public_request(request: HttpRequest, image: Image) -> str:
    """Below the choice of who sees an image: asking staff to make it public, and what became of that. One query."""
    viewer = _viewer(request)
    last = image.cases.filter(kind=Case.Kind.PUBLIC).order_by("-opened_at", "-pk").first()
    waiting = last if last and last.is_waiting else None
    reason = refusal(viewer, Verb.ASK_FOR_PUBLIC, image)
    context = {
        "image": image,
        "number": viewer.account.number,
        "waiting": waiting,
        "last": last,
        "refusal": reason or ("" if waiting else why_not_ask_for_public(image)),
    }
    return render_to_string("sharing/public_request.html", context, request)


def known_as(viewer: Viewer, image: Image) -> Holding | None:
    """What the producer typed or chose, out of which the viewer has the image."""
    share = Share.objects.held_by(viewer, image).first()
    return Holding(share.address_text, share.pk) if share else None


def row_notes(viewer: Viewer, images: Sequence[Image]) -> dict[UUID, str]:
    """With how many recipients each own image is shared; until when one has each of the others. One query."""
    own = [image.pk for image in images if image.account_id == viewer.account.pk]
    others = [image.pk for image in images if image.account_id != viewer.account.pk and image.grants_apply]
    if not own and not others:
        return {}
    theirs = gives_access() & Q(image__in=others, recipient__in=viewer.principals)
    counted = Share.objects.filter(Q(image__in=own) | theirs).values("image")
    rows = counted.annotate(
        accepted=Count("pk", filter=gives_access()),
        pending=Count("pk", filter=is_waiting()),
        until=Max("access_until", filter=theirs),
        endless=Count("pk", filter=theirs & Q(access_until=None)),
    )
    notes = {row["image"]: _note(row) if row["image"] in own else _end_note(row) for row in rows}
    return {pk: note for pk, note in notes.items() if note}


def _end_note(row: Mapping[str, Any]) -> str:
    """Until when the viewer has an image of somebody else: the longest of what reaches them counts."""
    return f"until {day(row['until'])}" if row["until"] and not row["endless"] else ""


def _note(row: Mapping[str, Any]) -> str:
    parts = [f"shared with {row['accepted']}"] if row["accepted"] else []
    return ", ".join([*parts, f"{row['pending']} pending"] if row["pending"] else parts)


def menu_entries(viewer: Viewer, image: Image) -> list[MenuEntry]:
    """Share Image and Who has access for an own image; Remove Image and Report for others. No query for each row."""
    if image.account_id == viewer.account.pk:
        url, reason = address(viewer, "share_image", image), offer_refusal(viewer, image)
        access = MenuEntry("Who has access", address(viewer, "image_access", image), 38, icon="users")
        return [MenuEntry("Share Image", url, 10, dialog=True, reason=reason, icon="share", key="s"), access]
    report = MenuEntry("Report", address(viewer, "image_report", image), 120, dialog=True, icon="flag")
    if image.visibility != Image.Visibility.SHARED or not getattr(image, "can_use", False):
        return [report]
    can_leave = image.pk in _leavable(viewer)
    if image.listed_at and not can_leave:  # found in the marketplace, like by anybody
        return [report]
    reason = "" if can_leave else _ONLY_THOSE_WHO_DECIDE.format(viewer.account.title)
    url = address(viewer, "share_leave", image)
    return [MenuEntry("Remove Image", url, 110, dialog=True, danger=True, reason=reason, icon="link-off"), report]


def bulk_actions(viewer: Viewer) -> list[BulkAction]:
    """Share several images together."""
    if refusal(viewer, Verb.OFFER):
        return []
    return [BulkAction("Share", reverse("share_images", kwargs={"number": viewer.account.number}), "share")]


def ways_to_add(viewer: Viewer) -> list[MenuEntry]:
    """Add a shared image, by the claim code that somebody gave one."""
    url = reverse("claim_begin", kwargs={"number": viewer.account.number})
    return [MenuEntry("Add a shared image", url, 30, dialog=True, icon="key", note="With a code that you were given")]


_ONLY_THOSE_WHO_DECIDE = "Only an admin of {}, or a manager of the group that it came through, can remove it."


@once_for_each
def _leavable(viewer: Viewer) -> frozenset[UUID]:
    """The images that the viewer can give back. One query per request."""
    held = Share.objects.giving_access().filter(recipient__in=viewer.decides_for)
    return frozenset(held.values_list("image_id", flat=True))


def _viewer(request: HttpRequest) -> Viewer:
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # the middleware's, see PanelRequest
    return viewer


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
