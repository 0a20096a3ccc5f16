"""Addresses of images and their data."""

from django.urls import path

from images import views

urlpatterns = [
    path("images/", views.image_list, name="image_list"),
    path("images/upload/", views.image_upload, name="image_upload"),
    path("images/import/", views.image_import, name="image_import"),
    path("images/incoming/", views.image_incoming, name="image_incoming"),
    path("images/<uuid:pk>/", views.image_detail, name="image_detail"),
    path("images/<uuid:pk>/edit/", views.image_edit, name="image_edit"),
    path("images/<uuid:pk>/visibility/", views.image_visibility, name="image_visibility"),
    path("images/<uuid:pk>/protect/", views.image_protect, name="image_protect"),
    path("images/<uuid:pk>/unprotect/", views.image_unprotect, name="image_unprotect"),
    path("images/<uuid:pk>/deactivate/", views.image_deactivate, name="image_deactivate"),
    path("images/<uuid:pk>/reactivate/", views.image_reactivate, name="image_reactivate"),
    path("images/<uuid:pk>/delete/", views.image_delete, name="image_delete"),
    path("images/<uuid:pk>/download/", views.image_download, name="image_download"),
    path("images/<uuid:pk>/convert/", views.image_convert, name="image_convert"),
    path("images/<uuid:pk>/inside/", views.image_inside, name="image_inside"),
    path("images/<uuid:pk>/label/", views.reference_edit, name="reference_edit"),
    path("images/<uuid:pk>/add/", views.reference_add, name="reference_add"),
    path("images/<uuid:pk>/take-out/", views.reference_remove, name="reference_remove"),
    path("account/quota/request/", views.quota_request, name="quota_request"),
    path("account/quota/requests/<int:pk>/withdraw/", views.quota_withdraw, name="quota_withdraw"),
    path("uploads/", views.upload_collection, name="upload_collection"),
    path("uploads/<uuid:pk>/", views.upload_resource, name="upload_resource"),
    path("imports/<uuid:pk>/retry/", views.import_retry, name="import_retry"),
    path("uploads/<uuid:pk>/discard/", views.upload_discard, name="upload_discard"),
]
