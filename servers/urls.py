"""Addresses of servers, formations and keys."""

from django.urls import URLPattern, path

from servers.views import creating, formation_parts, formations, governing, keys, registering, saving, servers

urlpatterns: list[URLPattern] = [
    path("organizations/<int:pk>/sizes/", governing.sizes_page, name="organization_sizes"),
    path("organizations/<int:pk>/budgets/", governing.budget_list, name="organization_budgets"),
    path("organizations/<int:pk>/budgets/<int:account_id>/", governing.budget_edit, name="organization_budget"),
    path(
        "organizations/<int:pk>/budgets/<int:account_id>/remove/",
        governing.budget_remove,
        name="organization_budget_remove",
    ),
    path("cloud-keys/", keys.cloud_key_list, name="cloud_key_list"),
    path("cloud-keys/<slug:region>/", keys.cloud_key_edit, name="cloud_key_edit"),
    path("cloud-keys/<slug:region>/test/", keys.cloud_key_test, name="cloud_key_test"),
    path("cloud-keys/<slug:region>/remove/", keys.cloud_key_remove, name="cloud_key_remove"),
    path("formations/", formations.formation_list, name="formation_list"),
    path("formations/new/", formations.formation_create, name="formation_create"),
    path("formations/<uuid:pk>/", formations.formation_detail, name="formation_detail"),
    path("formations/<uuid:pk>/edit/", formations.formation_edit, name="formation_edit"),
    path("formations/<uuid:pk>/launch/", formations.formation_launch, name="formation_launch"),
    path("formations/<uuid:pk>/end/", formations.formation_end, name="formation_end"),
    path("formations/<uuid:pk>/delete/", formations.formation_delete, name="formation_delete"),
    path("formations/<uuid:pk>/parts/add/", formation_parts.part_add, name="formation_part_add"),
    path("formations/<uuid:pk>/parts/<int:part>/", formation_parts.part_edit, name="formation_part_edit"),
    path("formations/<uuid:pk>/parts/<int:part>/remove/", formation_parts.part_remove, name="formation_part_remove"),
    path("formations/<uuid:pk>/parts/<int:part>/scale/", formation_parts.part_scale, name="formation_part_scale"),
    path("images/register/", registering.image_register, name="image_register"),
    path("servers/", servers.server_list, name="server_list"),
    path("servers/create/", creating.server_create, name="server_create"),
    path("servers/<uuid:pk>/", servers.server_detail, name="server_detail"),
    path("servers/<uuid:pk>/console/", servers.server_console, name="server_console"),
    path("servers/<uuid:pk>/console/more/", servers.server_console_more, name="server_console_more"),
    path("servers/<uuid:pk>/start/", servers.server_start, name="server_start"),
    path("servers/<uuid:pk>/stop/", servers.server_stop, name="server_stop"),
    path("servers/<uuid:pk>/reboot/", servers.server_reboot, name="server_reboot"),
    path("servers/<uuid:pk>/rebuild/", servers.server_rebuild, name="server_rebuild"),
    path("servers/<uuid:pk>/image/", saving.server_image_create, name="server_image_create"),
    path(
        "servers/<uuid:pk>/images/<uuid:snapshot>/discard/",
        saving.server_image_discard,
        name="server_image_discard",
    ),
    path("servers/<uuid:pk>/rename/", servers.server_rename, name="server_rename"),
    path("servers/<uuid:pk>/delete/", servers.server_delete, name="server_delete"),
]
