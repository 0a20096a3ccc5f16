"""Every address of the panel. Pages of an account live under its number; the middleware checks membership."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from sharing.views.claiming import claim

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("a/<str:number>/", include("images.urls")),
    path("a/<str:number>/", include("sharing.urls")),
    path("a/<str:number>/", include("servers.urls")),
    path("a/<str:number>/", include("api.pages.urls")),
    path("me/", include("servers.me_urls")),
    path("claim/", claim, name="claim"),
    path("review/", include("sharing.desk_urls")),
    path("", include("api.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
