"""Where a cloud key goes, and where it never does."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from openstack.exceptions import HttpException

from servers.clouds import CloudProblem
from servers.clouds.openstack import OpenStackCloud
from servers.clouds.openstack import test_key as try_key
from servers.clouds.openstack.access import Access, _is_within, _place
from servers.clouds.openstack.problems import CloudSilent, EndpointNotAllowed, KeyRefused, RegionSetUpWrong, said
from tests.servers.openstack.conftest import brought, machine
from tests.servers.openstack.standin import SECRET, Refused, StandIn

NO_SECRET = Access("Oslo", "https://cloud.example/v3", "", "")  # as when nobody signs in
SILENT = "http://127.0.0.1:9/v3"  # "discard": nobody listens


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "https://cloud.example/compute",
            "https://cloud.example/compute/v2.1/servers?tags=a",
            "https://CLOUD.example:443/compute/",
        ],
    )
    def test_below_an_allowed_one(self, url: str) -> None:
        assert _is_within(url, _place("https://cloud.example/compute/"))

    @pytest.mark.parametrize(
        "url",
        [
            "http://cloud.example/compute",
            "https://cloud.example:8443/compute",
            "https://cloud.example.evil/compute",
            "https://evil.example/compute",
            "https://cloud.example/compute2",
            "https://cloud.example/",
            "https://cloud.example/compute/../identity",
            "https://cloud.example/compute/%2e%2e/identity",
            "https://cloud.example@evil.example/compute",
            "https://key:secret@cloud.example/compute",
            "ftp://cloud.example/compute",
            "https://cloud.example:port/compute",
            "compute",
        ],
    )
    def test_anywhere_else(self, url: str) -> None:
        assert not _is_within(url, _place("https://cloud.example/compute"))

    def test_a_catalogue_that_names_another_place(self, there: StandIn) -> None:
        there.catalogue = {"compute": "http://127.0.0.1:9/v2.1"}
        with pytest.raises(EndpointNotAllowed, match=r"http://127.0.0.1:9/v2.1.* is not among the allowed endpoints"):
            OpenStackCloud(there.access).flavors()

    def test_an_answer_that_leads_elsewhere(self, there: StandIn) -> None:
        there.moved["/compute/v2.1/flavors"] = "http://169.254.169.254/latest"
        with pytest.raises(EndpointNotAllowed, match="leads on to it"):
            OpenStackCloud(there.access).flavors()

    def test_an_answer_that_leads_elsewhere_in_the_cloud(self, there: StandIn) -> None:
        there.moved["/compute/v2.1/flavors"] = f"{there.url}/image/v2/images"
        with pytest.raises(EndpointNotAllowed):
            OpenStackCloud(there.access).flavors()

    def test_proxies_and_passwords_of_the_environment_are_left_alone(
        self, there: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        assert OpenStackCloud(there.access).flavors()


class TestKeys:
    def test_one_that_works(self, there: StandIn) -> None:
        assert try_key(there.access).problem == ""
        assert try_key(there.access).project_id == there.project

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"secret": "guessed"}, "does not accept the cloud key"),
            ({"auth_url": SILENT}, "does not answer"),
            ({"endpoints": ()}, "not among the allowed endpoints"),
            ({"region_name": "RegionTwo"}, "names no such service"),
            ({"certificates": "not PEM"}, "not readable as PEM"),
        ],
    )
    def test_one_that_does_not(self, there: StandIn, changed: dict[str, Any], said: str) -> None:
        assert said in try_key(replace(there.access, **changed)).problem

    def test_one_that_may_not_use_compute(self, there: StandIn) -> None:
        there.refusals["/flavors"] = Refused(403, "Policy doesn't allow that.", "forbidden")
        assert "does not let this cloud key do that. Policy doesn't allow that." in try_key(there.access).problem


class TestSecrets:
    def test_are_not_in_what_is_shown_of_an_access(self, there: StandIn) -> None:
        assert SECRET not in repr(there.access)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 500, 503])
    def test_are_not_in_problems_even_if_a_cloud_says_them(self, there: StandIn, status: int) -> None:
        there.refusals["compute|image"] = Refused(status, f"You said {SECRET}!")
        for ask in (OpenStackCloud(there.access).flavors, lambda: OpenStackCloud(there.access).find("a" * 8)):
            with pytest.raises(CloudProblem) as caught:
                ask()
            assert SECRET not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None or caught.value.__suppress_context__

    def test_are_not_in_what_a_failed_server_says(self, there: StandIn) -> None:
        cloud = OpenStackCloud(there.access)
        wanted = brought(cloud, machine())
        cloud.create(wanted)
        [server] = there.servers.values()
        server |= {"status": "ERROR", "fault": {"message": f"Build of instance aborted\n: {SECRET}"}}
        assert cloud.condition(wanted).problem == "The cloud of Oslo could not run it. Build of instance aborted : …"

    def test_are_not_logged(self, there: StandIn, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            cloud = OpenStackCloud(there.access)
            cloud.create(brought(cloud, machine(user_data="#!/bin/sh\necho my-password")))
        assert SECRET not in caplog.text
        assert "my-password" not in caplog.text
        assert "bXktcGFzc3dvcmQ" not in caplog.text


def test_each_problem_says_what_to_do() -> None:
    assert "Make a new application credential" in str(KeyRefused("Oslo"))
    assert "staff can allow it" in str(EndpointNotAllowed("Oslo", "https://x\n" + "y" * 999))
    assert len(str(EndpointNotAllowed("Oslo", "https://x\n" + "y" * 999))) < 500
    assert not CloudSilent("Oslo").lasting
    assert RegionSetUpWrong("Oslo", "x").lasting


def test_without_a_secret_the_words_of_a_cloud_stay_as_they_are() -> None:
    assert said(HttpException("Not today"), NO_SECRET) == "Not today."
