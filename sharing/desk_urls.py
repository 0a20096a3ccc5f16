"""Addresses of the review desk, below no account."""

from django.urls import path

from sharing.views import desk

urlpatterns = [
    path("", desk.review_desk, name="review_desk"),
    path("<int:pk>/", desk.review_case, name="review_case"),
    path("<int:pk>/take/", desk.review_take, name="review_take"),
    path("<int:pk>/give-back/", desk.review_give_back, name="review_give_back"),
    path("<int:pk>/approve/", desk.review_approve, name="review_approve"),
    path("<int:pk>/reject/", desk.review_reject, name="review_reject"),
    path("<int:pk>/deactivate/", desk.review_deactivate, name="review_deactivate"),
    path("<int:pk>/reactivate/", desk.review_reactivate, name="review_reactivate"),
    path("<int:pk>/unlist/", desk.review_unlist, name="review_unlist"),
    path("<int:pk>/verify/", desk.review_verify, name="review_verify"),
    path("<int:pk>/unverify/", desk.review_unverify, name="review_unverify"),
]
