"""Addresses of the pages about programs, below an account."""

from django.urls import URLPattern, path

from api.pages import credentials, files

urlpatterns: list[URLPattern] = [
    path("api-access/", credentials.credential_list, name="credential_list"),
    path("api-access/new/", credentials.credential_create, name="credential_create"),
    path("api-access/openrc.sh", files.access_file, {"name": "openrc.sh"}, name="access_openrc"),
    path("api-access/clouds.yaml", files.access_file, {"name": "clouds.yaml"}, name="access_clouds"),
    path("api-access/<slug:credential>/revoke/", credentials.credential_revoke, name="credential_revoke"),
    path(
        "api-access/<slug:credential>/openrc.sh",
        files.credential_file,
        {"name": "openrc.sh"},
        name="credential_openrc",
    ),
    path(
        "api-access/<slug:credential>/clouds.yaml",
        files.credential_file,
        {"name": "clouds.yaml"},
        name="credential_clouds",
    ),
]
