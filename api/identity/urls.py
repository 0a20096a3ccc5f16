"""Addresses of OpenStack Identity v3, below /identity/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInIdentity
from api.identity import catalogue, credentials, discovery, people, projects, tokens
from api.openapi.views import IdentityDocument

urlpatterns: list[URLPattern] = [
    re_path(r"^$", discovery.Versions.as_view()),
    re_path(r"^v3/?$", discovery.Version.as_view()),
    re_path(r"^v3/auth/tokens/?$", tokens.Tokens.as_view()),
    re_path(r"^v3/auth/catalog/?$", catalogue.CatalogueView.as_view()),
    re_path(r"^v3/auth/projects/?$", projects.OwnProjects.as_view()),
    re_path(r"^v3/auth/domains/?$", projects.Nothing.as_view()),
    re_path(r"^v3/auth/system/?$", projects.Nothing.as_view(kind="system")),
    re_path(r"^v3/projects/?$", projects.Projects.as_view()),
    re_path(r"^v3/projects/(?P<project_id>[^/]+)/?$", projects.Project.as_view()),
    re_path(r"^v3/domains/?$", projects.Domains.as_view()),
    re_path(r"^v3/domains/(?P<domain_id>[^/]+)/?$", projects.Domain.as_view()),
    re_path(r"^v3/users/?$", people.Users.as_view()),
    re_path(r"^v3/users/(?P<user_id>[^/]+)/?$", people.Person.as_view()),
    re_path(r"^v3/users/(?P<user_id>[^/]+)/projects/?$", people.ProjectsOfPerson.as_view()),
    re_path(r"^v3/users/(?P<user_id>[^/]+)/application_credentials/?$", credentials.Credentials.as_view()),
    re_path(
        r"^v3/users/(?P<user_id>[^/]+)/application_credentials/(?P<credential_id>[^/]+)/?$",
        credentials.Credential.as_view(),
    ),
    re_path(r"^v3/roles/?$", people.Roles.as_view()),
    re_path(r"^v3/roles/(?P<role_id>[^/]+)/?$", people.RoleView.as_view()),
    re_path(r"^v3/openapi\.json$", IdentityDocument.as_view()),
    re_path(r"^.*$", NotInIdentity.as_view()),
]
