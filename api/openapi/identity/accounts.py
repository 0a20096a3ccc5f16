"""Accounts, people and roles as far as programs ask, in the words of the document and its page."""

from api.openapi.parts import Answer, Json, Operation, Parameter, answered

OWN = "everybody, about themselves"
NONE_OF_YOURS = "It is none of one's own. Whether there is one is not told."
PROJECT_ID = Parameter(name="project_id", place="path", text="the number of an account", shown="4071385962")
DOMAIN_ID = Parameter(name="domain_id", place="path", text="default, or the id of an organization", shown="default")
USER_ID = Parameter(name="user_id", place="path", text="a login", shown="alice")
ROLE_ID = Parameter(name="role_id", place="path", text="reader, member or manager", shown="member")
NAME = Parameter(name="name", text="only those of this name")
PROJECT: Json = {
    "id": "4071385962",
    "name": "Acme Producers",
    "domain_id": "default",
    "description": "",
    "enabled": True,
    "is_domain": False,
    "links": {"self": "https://panel.example.org/identity/v3/projects/4071385962"},
}
LINKS: Json = {"self": "https://panel.example.org/identity/v3/auth/projects", "next": None, "previous": None}


def _read(path: str, name: str, title: str, answers: tuple[Answer, ...], **more: object) -> Operation:
    said: Json = {"section": "Accounts", "who": OWN, "text": "", "refusals": {403: NONE_OF_YOURS}} | more
    return Operation(method="GET", path=path, name=name, title=title, answers=answers, **said)


ACCOUNTS = (
    _read(
        "/v3/auth/projects",
        "list_own_projects",
        "List one's accounts",
        answered("Those that a token can be had for.", "Projects", {"projects": [PROJECT], "links": LINKS}),
        text="All accounts of a person who signed in by password; of a program, the one that its credential is for.",
        refusals={},
        command="openstack federation project list",
    ),
    _read(
        "/v3/projects",
        "list_projects",
        "Find an account",
        answered("Those of one's own that fit.", "Projects"),
        parameters=(
            NAME,
            Parameter(name="id", text="only the one with this number"),
            Parameter(name="domain_id", text="only those of this domain"),
        ),
        command="openstack project list",
    ),
    _read(
        "/v3/projects/{project_id}",
        "show_project",
        "Show an account",
        answered("The account.", "OneProject", {"project": PROJECT}),
        parameters=(PROJECT_ID,),
        command="openstack project show 4071385962",
    ),
    _read(
        "/v3/domains",
        "list_domains",
        "Find a domain",
        answered("default, and the organizations of one's accounts.", "Domains"),
        parameters=(NAME,),
    ),
    _read(
        "/v3/domains/{domain_id}",
        "show_domain",
        "Show a domain",
        answered("The domain.", "OneDomain"),
        parameters=(DOMAIN_ID,),
    ),
    _read(
        "/v3/auth/domains",
        "list_own_domains",
        "List domains to ask a token for",
        answered("None: a token is for an account.", "Nothing"),
        refusals={},
    ),
    _read(
        "/v3/auth/system",
        "list_own_systems",
        "List systems to ask a token for",
        answered("None: a token is for an account.", "Nothing"),
        refusals={},
    ),
    _read(
        "/v3/users",
        "list_users",
        "Find oneself",
        answered("Oneself.", "Users"),
        parameters=(Parameter(name="name", text="one's own login", needed=True, shown="alice"),),
    ),
    _read(
        "/v3/users/{user_id}",
        "show_user",
        "Show oneself",
        answered("Oneself.", "OneUser"),
        parameters=(USER_ID,),
        command="openstack user show alice",
    ),
    _read(
        "/v3/users/{user_id}/projects",
        "list_projects_of_user",
        "List one's accounts, by login",
        answered("One's own accounts.", "Projects"),
        parameters=(USER_ID,),
    ),
    _read(
        "/v3/roles",
        "list_roles",
        "List roles",
        answered("What observer, creator and admin are called here.", "Roles"),
        who="everybody with a token",
        parameters=(NAME,),
        refusals={},
    ),
    _read(
        "/v3/roles/{role_id}",
        "show_role",
        "Show a role",
        answered("The role.", "OneRole"),
        who="everybody with a token",
        parameters=(ROLE_ID,),
        refusals={404: "There is no such role."},
    ),
)
