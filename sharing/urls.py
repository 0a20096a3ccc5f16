"""Addresses of offers, decisions and trust, below the account's number."""

from django.urls import path

from sharing.views import consuming, producing

urlpatterns = [
    path("images/<uuid:pk>/share/", producing.share_image, name="share_image"),
    path("images/<uuid:pk>/shares/<int:share>/remove/", producing.share_remove, name="share_remove"),
    path("images/<uuid:pk>/shares/<int:share>/remind/", producing.share_remind, name="share_remind"),
    path("images/<uuid:pk>/shares/<int:share>/again/", producing.share_again, name="share_again"),
    path("images/<uuid:pk>/leave/", consuming.share_leave, name="share_leave"),
    path("shared/", consuming.offer_list, name="offer_list"),
    path("shared/<int:share>/accept/", consuming.offer_accept, name="offer_accept"),
    path("shared/<int:share>/reject/", consuming.offer_reject, name="offer_reject"),
    path("shared/<int:share>/dismiss/", consuming.offer_dismiss, name="offer_dismiss"),
    path("shared/trust/add/", consuming.trust_add, name="trust_add"),
    path("shared/trust/<int:trust>/remove/", consuming.trust_remove, name="trust_remove"),
]
