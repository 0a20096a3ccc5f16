"""Addresses of people, accounts, groups and organizations."""

from django.urls import URLPattern, path

from accounts.pages import URL_NAMES
from accounts.roles import Kind
from accounts.views import activity, entrance, feeds, groups, lists, people

ACCOUNT = "a/<str:number>/"


def pages_of(kind: Kind, folder: str) -> list[URLPattern]:
    """The pages that accounts, groups and organizations have alike."""
    names, of = URL_NAMES[kind], {"kind": kind}
    member = f"{folder}people/<int:membership_id>/"
    return [
        path(folder, groups.group_detail, of, name=names["detail"]),
        path(f"{folder}edit/", groups.group_edit, of, name=names["edit"]),
        path(f"{folder}close/", groups.group_close, of, name=names["close"]),
        path(f"{folder}leave/", groups.group_leave, of, name=names["leave"]),
        path(f"{folder}invite/", groups.group_invite, of, name=names["invite"]),
        path(f"{member}role/", groups.member_role, of, name=names["member_role"]),
        path(f"{member}remove/", groups.member_remove, of, name=names["member_remove"]),
        path(
            f"{folder}invitations/<uuid:token>/revoke/",
            groups.invitation_revoke,
            of,
            name=names["invitation_revoke"],
        ),
    ]


urlpatterns = [
    path("", entrance.home, name="home"),
    path("healthz", entrance.healthz, name="healthz"),
    path("setup/", entrance.setup, name="setup"),
    path("me/", people.profile, name="profile"),
    path("me/mail/", people.mail_choice, name="mail_choice"),
    path("me/theme/", people.theme, name="theme"),
    path("invitations/<uuid:token>/", people.invitation, name="invitation"),
    path("invitations/<uuid:token>/accept/", people.invitation_accept, name="invitation_accept"),
    path("invitations/<uuid:token>/decline/", people.invitation_decline, name="invitation_decline"),
    path("notifications/", people.notification_list, name="notification_list"),
    path("notifications/read/", people.notification_read_all, name="notification_read_all"),
    path("notifications/<int:pk>/open/", people.notification_open, name="notification_open"),
    path("new-account/", lists.account_create, name="account_create"),
    *pages_of(Kind.ACCOUNT, f"{ACCOUNT}account/"),
    path(f"{ACCOUNT}account/leave-organization/", lists.account_leave_organization, name="account_leave_organization"),
    path(f"{ACCOUNT}groups/", lists.team_list, name="team_list"),
    path(f"{ACCOUNT}groups/new/", lists.team_create, name="team_create"),
    *pages_of(Kind.TEAM, f"{ACCOUNT}groups/<int:pk>/"),
    path(f"{ACCOUNT}organizations/", lists.organization_list, name="organization_list"),
    path(f"{ACCOUNT}organizations/new/", lists.organization_create, name="organization_create"),
    *pages_of(Kind.ORGANIZATION, f"{ACCOUNT}organizations/<int:pk>/"),
    path(
        f"{ACCOUNT}organizations/<int:pk>/accounts/invite/",
        lists.organization_account_invite,
        name="organization_account_invite",
    ),
    path(
        f"{ACCOUNT}organizations/<int:pk>/accounts/<int:account_id>/remove/",
        lists.organization_account_remove,
        name="organization_account_remove",
    ),
    path(f"{ACCOUNT}activity/", activity.activity, name="activity"),
    path(f"{ACCOUNT}activity.csv", activity.activity_csv, name="activity_csv"),
    path(f"{ACCOUNT}activity.jsonl", activity.activity_json, name="activity_json"),
    path(f"{ACCOUNT}activity/feed/", feeds.feed_make, name="feed_make"),
    path(f"{ACCOUNT}activity/feed/<int:feed>/revoke/", feeds.feed_revoke, name="feed_revoke"),
    path("feeds/<str:token>.atom", feeds.feed, name="feed"),
]
