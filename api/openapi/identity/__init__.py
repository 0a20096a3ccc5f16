"""OpenStack Identity v3, described."""

from api.openapi.identity import credentials
from api.openapi.identity.about import ABOUT
from api.openapi.identity.accounts import ACCOUNTS
from api.openapi.identity.shapes import SCHEMAS
from api.openapi.identity.tokens import TOKENS
from api.openapi.parts import JSON, Service, ref

IDENTITY = Service(
    name="identity",
    title="Identity of Stockroom",
    version="3.14",
    text="As much of OpenStack Identity v3 as programs need that work with images. A project is an account, and its id "
    "is the account's number; a domain is an organization, and every account is found in the domain Default, too. "
    "People and keys are managed on the pages, not here.",
    address="/identity",
    document="/identity/v3/openapi.json",
    servers=({"url": "/identity"},),
    sections={
        "Tokens": "Proving who one is, and for which account one asks.",
        "Accounts": "One's own accounts, oneself and the roles: what clients look up. Of others nothing is told.",
        credentials.SECTION: "By which programs sign in as a person, for one account and with one role.",
        "About": "What the service says of itself.",
    },
    schemas=SCHEMAS | credentials.SCHEMAS,
    refusal={JSON: {"schema": ref("Refusal")}},
    operations=(*TOKENS, *ACCOUNTS, *credentials.CREDENTIALS, *ABOUT),
)
