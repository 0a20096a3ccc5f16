"""Addresses of the panel's own verbs of sharing, below ``v2/``."""

from django.urls import URLPattern, re_path

from api.image.sharing.offers import Acceptance, Leaving, Offers, OneOffer, Rejection
from api.image.sharing.references import Reference
from api.image.sharing.shares import AnotherOffer, OneShare, Reminder, Shares

IMAGE = r"^v2/images/(?P<image_id>[^/]+)"
SHARE = rf"{IMAGE}/shares/(?P<share>[0-9]{{1,18}})"
OFFER = r"^v2/offers/(?P<offer>[0-9]{1,18})"

urlpatterns: list[URLPattern] = [
    re_path(rf"{IMAGE}/shares$", Shares.as_view()),
    re_path(rf"{SHARE}$", OneShare.as_view()),
    re_path(rf"{SHARE}/remind$", Reminder.as_view()),
    re_path(rf"{SHARE}/offer-again$", AnotherOffer.as_view()),
    re_path(rf"{IMAGE}/reference$", Reference.as_view()),
    re_path(r"^v2/offers$", Offers.as_view()),
    re_path(rf"{OFFER}$", OneOffer.as_view()),
    re_path(rf"{OFFER}/accept$", Acceptance.as_view()),
    re_path(rf"{OFFER}/reject$", Rejection.as_view()),
    re_path(rf"{OFFER}/leave$", Leaving.as_view()),
]
