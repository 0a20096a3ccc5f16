"""Addresses of servers, formations and keys."""

from django.urls import URLPattern, path

from servers import views
from servers.views import servers

urlpatterns: list[URLPattern] = [
    path("servers/", servers.server_list, name="server_list"),
    path("servers/create/", views.server_create, name="server_create"),
    path("servers/<uuid:pk>/", servers.server_detail, name="server_detail"),
    path("servers/<uuid:pk>/console/", servers.server_console, name="server_console"),
    path("servers/<uuid:pk>/console/more/", servers.server_console_more, name="server_console_more"),
    path("servers/<uuid:pk>/start/", servers.server_start, name="server_start"),
    path("servers/<uuid:pk>/stop/", servers.server_stop, name="server_stop"),
    path("servers/<uuid:pk>/reboot/", servers.server_reboot, name="server_reboot"),
    path("servers/<uuid:pk>/rebuild/", servers.server_rebuild, name="server_rebuild"),
    path("servers/<uuid:pk>/rename/", servers.server_rename, name="server_rename"),
    path("servers/<uuid:pk>/delete/", servers.server_delete, name="server_delete"),
]
