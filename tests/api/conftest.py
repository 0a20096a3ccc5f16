"""Fixtures of the tests of the API: programs that have a token, and ask."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client

from accounts.models import Account, User
from accounts.viewer import Viewer
from api import tokens
from api.models import ApplicationCredential


@dataclass(frozen=True)
class Program:
    """A program with a token; with none, when that is empty.

    Attributes:
        token: what it sends as ``X-Auth-Token``.
        headers: what it sends with every request.
    """

    token: str
    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, **asked: Any) -> Any:
        """Send one request.

        Args:
            asked: ``json``: a body, made into JSON; ``data``: a body as it is; ``content_type``: of the body;
                ``headers``: more of them.

        Returns:
            Django's answer, which has ``status_code``, ``headers``, ``content`` and ``json()``.
        """
        body = json.dumps(asked["json"]) if "json" in asked else asked.get("data", b"")
        own = {"X-Auth-Token": self.token} if self.token else {}
        kind = asked.get("content_type", "application/json")
        headers = own | self.headers | asked.get("headers", {})
        answer: HttpResponseBase = self.client.generic(method.upper(), path, body, content_type=kind, headers=headers)
        return answer

    def get(self, path: str, **asked: Any) -> Any:
        return self.ask("GET", path, **asked)

    def head(self, path: str, **asked: Any) -> Any:
        return self.ask("HEAD", path, **asked)

    def post(self, path: str, **asked: Any) -> Any:
        return self.ask("POST", path, **asked)

    def put(self, path: str, **asked: Any) -> Any:
        return self.ask("PUT", path, **asked)

    def patch(self, path: str, **asked: Any) -> Any:
        return self.ask("PATCH", path, **asked)

    def delete(self, path: str, **asked: Any) -> Any:
        return self.ask("DELETE", path, **asked)


MakeProgram = Callable[..., Program]


@pytest.fixture
def api(db: None) -> MakeProgram:
    """A program of somebody: ``api(cast.producer)``, ``api(cast.alice, cast.acme)``; ``api()`` has no token.

    ``api(user)`` alone has a token without a scope; ``credential=`` makes one that lives and dies with it.
    """

    def api(
        who: Viewer | User | None = None,
        account: Account | None = None,
        *,
        credential: ApplicationCredential | None = None,
    ) -> Program:
        if who is None:
            return Program("")
        person, account = (who.user, account or who.account) if isinstance(who, Viewer) else (who, account)
        method = "application_credential" if credential else "password"
        number = account.number if account else ""
        return Program(tokens.issue(person, number=number, methods=(method,), credential=credential).signed())

    return api
