"""Tokens and what they are for, in the words of the document and its page."""

from api.openapi.parts import Answer, Body, Json, Operation, Parameter, answered, done, ref

DEFAULT: Json = {"id": "default"}
SIGN_IN: Json = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "alice", "domain": DEFAULT, "password": "correct horse battery staple"}},
        },
        "scope": {"project": {"name": "Acme Producers", "domain": DEFAULT}},
    }
}
SUBJECT = Parameter(
    name="X-Subject-Token", place="header", text="the token that is asked about", needed=True, shown="$OS_TOKEN"
)
ENDED = "The token is none, or is worth nothing any more."
OF_SUBJECT = {400: "No token is asked about.", 403: "It is somebody else's token.", 404: ENDED}

TOKENS = (
    Operation(
        method="POST",
        path="/v3/auth/tokens",
        name="sign_in",
        title="Get a token",
        section="Tokens",
        text="By password, by a token that one has, or by an application credential, which is what programs should "
        "have. People with a second factor need one. A token holds for an hour, for one account and with one role, and "
        "ends before that with the password, the membership or the credential that it was made with. Whatever is "
        "wrong, the answer is the same.",
        is_open=True,
        parameters=(
            Parameter(name="nocatalog", text="leave out the catalogue", schema={"type": "string", "maxLength": 0}),
        ),
        body=Body(schema=ref("SignIn"), shown=SIGN_IN),
        answers=(
            Answer(
                status=201,
                text="The token is in the header; the body tells of it.",
                schema=ref("Token"),
                headers={"X-Subject-Token": "the token, which is sent as X-Auth-Token from now on"},
            ),
        ),
        refusals={
            400: "The body is none of Identity's.",
            401: "Whoever asks is not known, or the password is wrong, or they are not in the account: it is not told.",
            403: "A token for an account cannot be exchanged for one for another account.",
            413: "The body is too large.",
            429: "Too many wrong passwords. Ask again after the seconds in Retry-After.",
        },
        command="openstack token issue",
    ),
    Operation(
        method="GET",
        path="/v3/auth/tokens",
        name="show_token",
        title="Show a token",
        section="Tokens",
        text="What a token says, and that it still holds. HEAD asks whether it does.",
        who="whoever has the token",
        parameters=(SUBJECT,),
        answers=answered("What it says.", "Token"),
        refusals=OF_SUBJECT,
    ),
    Operation(
        method="DELETE",
        path="/v3/auth/tokens",
        name="revoke_token",
        title="Revoke a token",
        section="Tokens",
        text="It is worth nothing from now on.",
        who="whoever has the token",
        parameters=(SUBJECT,),
        answers=done("It has ended."),
        refusals=OF_SUBJECT,
        command="openstack token revoke $OS_TOKEN",
    ),
    Operation(
        method="GET",
        path="/v3/auth/catalog",
        name="show_catalog",
        title="Show the catalogue",
        section="Tokens",
        text="Where the services are: images have an address in each region.",
        who="everybody with a token for an account",
        answers=answered("The services.", "Catalog"),
        refusals={403: "The token is for no account."},
        command="openstack catalog list",
    ),
)
