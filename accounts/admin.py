"""The administration of people. What would go past the rules is read-only; operations call the actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.account import admin as address_admin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa import admin as factor_admin
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django_q import admin as task_admin
from django_q.models import Failure, OrmQ, Schedule, Success

from accounts import actions
from accounts.errors import Conflict
from accounts.models import Account, Event, Invitation, Membership, Notification, Organization, Team, User
from accounts.permissions import may_verify
from accounts.roles import Kind

if TYPE_CHECKING:  # generic for the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    UserAdmin = auth_admin.UserAdmin[User]
    UserCreationForm = AdminUserCreationForm[User]
else:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.auth.admin import UserAdmin
    from django.contrib.auth.forms import AdminUserCreationForm as UserCreationForm

admin.site.site_header = "Stockroom administration"
admin.site.site_title = "Stockroom administration"
admin.site.index_title = "Everything"
# Second factors and rate limits hold here too: the administration has no sign-in page of its own.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class ReadOnly:
    """For what only the panel's own actions write."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody; with the right to view, the pages show everything."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: nothing that others can see is ever deleted."""
        return False


class MembershipInline(ReadOnly, TabularInline):
    """What a person belongs to, or who belongs to a group. People join by accepting an invitation."""

    model = Membership
    fields = ["user", "group", "kind", "role", "joined_at"]
    readonly_fields = ["user", "group", "kind", "role", "joined_at"]
    extra = 0


class PersonCreationForm(UserCreationForm):
    """A new person, by login, address and password."""

    email = forms.EmailField(label="Email address")

    class Meta:
        model = User
        fields = ["username", "email"]


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People. Their rights in accounts and groups are their memberships, which they accept themselves."""

    add_form = PersonCreationForm
    list_display = ["username", "name", "email", "is_active", "is_staff", "last_login", "date_joined"]
    list_filter = ["is_active", "is_staff", "is_superuser", "is_demo", "date_joined"]
    search_fields = ["username", "name", "email", "personal_account__number"]
    readonly_fields = ["number", "is_active", "is_demo", "last_login", "date_joined"]
    filter_horizontal = ["user_permissions"]
    inlines = [MembershipInline]
    actions = ["deactivate", "reactivate", "make_reviewers", "remove_second_factors"]
    fieldsets = [
        (None, {"fields": ["username", "password", "name", "email", "number"]}),
        ("Staff", {"fields": ["is_staff", "is_superuser", "user_permissions"]}),
        ("State", {"fields": ["is_active", "is_demo", "last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "email", "usable_password", "password1", "password2"]})
    ]

    @admin.display(description="Account number")
    def number(self, person: User) -> str:
        """Of the personal account."""
        return person.personal_account.grouped_number

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        """A person who does not exist yet belongs to nothing."""
        return list(self.inlines) if obj else []

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> User:  # noqa: FBT001  # Django's
        """Make people by the action, so that everybody has a personal account."""
        if change:
            return super().save_form(request, form, change)  # type: ignore[no-any-return]
        data = form.cleaned_data
        password = data["password1"] if data.get("usable_password") != "false" else None
        form.save_m2m = lambda: None
        return actions.create_person(login=data["username"], email=data["email"], password=password)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's
        """Save what was edited; a new person is saved already."""
        if change:
            super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody: people are deactivated, and what they did stays."""
        return False

    @admin.action(description="Deactivate people", permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """End their access at once."""
        for person in people:
            try:
                actions.deactivate_person(person, by=acting(request))
            except Conflict as refusal:
                self.message_user(request, str(refusal), messages.ERROR)

    @admin.action(description="Reactivate people", permissions=["change"])
    def reactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let them sign in again."""
        for person in people:
            actions.reactivate_person(person, by=acting(request))

    @admin.action(description="Make people reviewers (they decide on the review desk)", permissions=["change"])
    def make_reviewers(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Put them into the staff group with the view permissions."""
        for person in people:
            actions.make_reviewer(person, by=acting(request))

    @admin.action(description="Remove second factors (a lost phone, for example)", permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let them sign in with the password alone, until they set a second factor up again."""
        for person in people:
            actions.remove_second_factors(person, by=acting(request))


def acting(request: HttpRequest) -> User:
    """The person who is signed in to the administration."""
    assert isinstance(request.user, User)
    return request.user


@dataclass(frozen=True)
class Question:
    """What waits for an answer of staff.

    Attributes:
        note: what one should know beside it.
        words: of whoever asks.
    """

    pk: int
    title: str
    note: str
    words: str


def answer_page(
    admin: ModelAdmin, request: HttpRequest, form: forms.Form, questions: Sequence[Question], **words: str
) -> HttpResponse:
    """The page that asks for an answer before an operation of a list runs.

    Args:
        form: with the one field ``answer``.
        words: the ``title`` of the page, the ``operation`` by its name, and what its ``button`` says.
    """
    context = admin.admin_site.each_context(request) | {"opts": admin.opts, "form": form, "questions": questions}
    return TemplateResponse(request, "admin/answer.html", context | words)


class ClosableAdmin(ReadOnly, ModelAdmin):
    """Accounts, groups and organizations: their own people manage them, staff look."""

    list_display = ["title", "created_at", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["title"]
    ordering = ["-pk"]  # also where staff choose one out of pages, which otherwise repeat some and leave out others
    date_hierarchy = "created_at"
    inlines = [MembershipInline]


class VerifiableAdmin(ClosableAdmin):
    """Accounts and organizations: staff say which of them are who their names say."""

    actions = ["verify", "unverify"]

    def has_verify_permission(self, request: HttpRequest) -> bool:
        """Who may run the operations below."""
        return may_verify(request.user)

    @admin.action(description="Verify: they are who their names say", permissions=["verify"])
    def verify(self, request: HttpRequest, groups: QuerySet[Any]) -> None:
        self._run(request, groups, actions.verify, "is verified")

    @admin.action(description="Verified no longer", permissions=["verify"])
    def unverify(self, request: HttpRequest, groups: QuerySet[Any]) -> None:
        self._run(request, groups, actions.unverify, "is verified no longer")

    def _run(self, request: HttpRequest, groups: QuerySet[Any], operation: Callable[..., Any], done: str) -> None:
        for group in groups:
            try:
                operation(group, by=acting(request))
            except Conflict as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"{group.title} {done}.")


@admin.register(Account)
class AccountAdmin(VerifiableAdmin):
    """Accounts."""

    list_display = ["title", "grouped_number", "organization", "personal_of", "verified_at", "created_at", "closed_at"]
    list_select_related = ["organization", "personal_of"]
    list_filter = [
        ("verified_at", admin.EmptyFieldListFilter),
        ("personal_of", admin.EmptyFieldListFilter),
        *ClosableAdmin.list_filter,
    ]
    search_fields = ["title", "number", "personal_of__username"]
    fields = [
        "title", "number", "organization", "personal_of", "verified_at", "verified_by", "created_at", "closed_at",
        "closed_by",
    ]  # fmt: skip


@admin.register(Team)
class TeamAdmin(ClosableAdmin):
    """Groups."""

    fields = ["title", "created_at", "closed_at", "closed_by"]


@admin.register(Organization)
class OrganizationAdmin(VerifiableAdmin):
    """Organizations."""

    list_display = ["title", "verified_at", "created_at", "closed_at"]
    list_filter = [("verified_at", admin.EmptyFieldListFilter), *ClosableAdmin.list_filter]
    fields = ["title", "verified_at", "verified_by", "created_at", "closed_at", "closed_by"]


# Registered again below, or for nobody: whoever could write a schedule would run any function of the server.
admin.site.unregister([Group, EmailAddress, Authenticator, Schedule, Success, Failure, OrmQ])


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly, address_admin.EmailAddressAdmin):
    """Addresses of people. Only who reads the mail confirms one: what is offered to it follows the confirmation."""

    search_fields = ["email", "user__username"]
    actions = None  # the original one confirms addresses


@admin.register(Group)
class StaffGroupAdmin(auth_admin.GroupAdmin):
    """Staff groups only: a permission on an account, group or organization would reach everybody in it."""

    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Groups that are neither account nor organization nor team."""
        groups = super().get_queryset(request)
        return groups.filter(as_account__isnull=True, as_organization__isnull=True, as_team__isnull=True)


@admin.register(Membership)
class MembershipAdmin(ReadOnly, ModelAdmin):
    """Who belongs to what, with which role."""

    list_display = ["user", "group_title", "kind", "role", "joined_at"]
    list_filter = ["kind", "role", "joined_at"]
    search_fields = [
        "user__username", "group__as_account__title", "group__as_account__number", "group__as_team__title",
        "group__as_organization__title",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """With everything that a line shows."""
        return Membership.objects.with_groups().select_related("user")

    @admin.display(description="In")
    def group_title(self, membership: Membership) -> str:
        """What people call the group."""
        return membership.group.name if membership.kind == Kind.STAFF else membership.of.title


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, ModelAdmin):
    """Who was asked to join what."""

    list_display = ["address", "kind", "role", "status", "invited_by", "invited_at", "decided_at"]
    list_select_related = ["invited_by"]
    list_filter = ["status", "kind", "address_kind", "invited_at"]
    search_fields = ["address", "invited_by__username", "invitee__username"]
    date_hierarchy = "invited_at"


@admin.register(Event)
class EventAdmin(ReadOnly, ModelAdmin):
    """What happened. Nobody writes or removes a line."""

    list_display = ["at", "verb", "subject_kind", "subject_name", "actor_login", "account_title", "network_address"]
    list_filter = ["verb", "subject_kind", "at"]
    search_fields = ["subject_id", "subject_name", "actor_login", "account_number", "address"]
    date_hierarchy = "at"
    show_full_result_count = False  # a count of all events costs more than the page


@admin.register(Notification)
class NotificationAdmin(ReadOnly, ModelAdmin):
    """What people were told, and whether the mail went out."""

    list_display = ["created_at", "user", "email", "subject", "read_at", "mail_attempts", "mailed_at"]
    list_select_related = ["user"]
    list_filter = [("mailed_at", admin.EmptyFieldListFilter), "mail_attempts", "created_at"]
    search_fields = ["user__username", "email", "subject"]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnly, factor_admin.AuthenticatorAdmin):
    """Who signs in with a second factor. The secret is shown to nobody; ``PersonAdmin`` removes lost ones."""

    list_select_related = ["user"]
    search_fields = ["user__username"]
    fields = ["user", "type", "created_at", "last_used_at"]


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly, task_admin.ScheduleAdmin):
    """What happens by the clock; ``settings.SCHEDULES`` says what."""


@admin.register(Success)
class SuccessAdmin(ReadOnly, task_admin.TaskAdmin):
    """Background tasks that are done."""

    actions = None


@admin.register(Failure)
class FailureAdmin(ReadOnly, task_admin.FailAdmin):
    """Background tasks that ended badly, with their errors. The workers try them again by themselves."""

    actions = None


@admin.register(OrmQ)
class WaitingAdmin(ReadOnly, task_admin.QueueAdmin):
    """Background tasks that wait for a worker."""
