"""Addresses of offers, decisions and trust, below the account's number."""

from django.urls import path

from sharing.views import box, claiming, consuming, producing, signing

urlpatterns = [
    path("images/<uuid:pk>/share/", box.share_image, name="share_image"),
    path("images/share/", box.share_images, name="share_images"),
    path("images/share/recipients/", box.share_recipients, name="share_recipients"),
    path("images/share/suggestions/", box.share_suggestions, name="share_suggestions"),
    path("images/share/undo/", box.share_undo, name="share_undo"),
    path("images/<uuid:pk>/shares/<int:share>/remove/", producing.share_remove, name="share_remove"),
    path("images/<uuid:pk>/shares/<int:share>/remind/", producing.share_remind, name="share_remind"),
    path("images/<uuid:pk>/shares/<int:share>/again/", producing.share_again, name="share_again"),
    path("images/<uuid:pk>/share/sign-in/", signing.share_by_sign_in, name="share_by_sign_in"),
    path("images/<uuid:pk>/share/claim-code/", claiming.claim_code_create, name="claim_code_create"),
    path("images/<uuid:pk>/shares/<int:share>/claim-code/", claiming.claim_code_renew, name="claim_code_renew"),
    path("shared/add/", claiming.claim_begin, name="claim_begin"),
    path("shared/add/<int:share>/", claiming.claim_confirm, name="claim_confirm"),
    path("images/<uuid:pk>/leave/", consuming.share_leave, name="share_leave"),
    path("shared/", inbox.offer_list, name="offer_list"),
    path("shared/<int:share>/accept/", consuming.offer_accept, name="offer_accept"),
    path("shared/<int:share>/accept-all/", consuming.offer_accept_all, name="offer_accept_all"),
    path("shared/<int:share>/block/", producers.offer_block, name="offer_block"),
    path("shared/<int:share>/reject/", consuming.offer_reject, name="offer_reject"),
    path("shared/<int:share>/dismiss/", consuming.offer_dismiss, name="offer_dismiss"),
    path("shared/blocks/<int:block>/remove/", producers.block_remove, name="block_remove"),
    path("shared/trust/add/", producers.trust_add, name="trust_add"),
    path("shared/trust/<int:trust>/remove/", producers.trust_remove, name="trust_remove"),
]
