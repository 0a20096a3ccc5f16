"""Images made from servers, on the pages: asked for, followed, cancelled, told whose limits hold."""

from dataclasses import replace

import pytest
from django.urls import reverse

from images.actions import delete
from images.models import Image
from servers import actions
from servers.clouds.base import CloudRefused
from servers.models import Flavor, Server, Snapshot
from sharing import actions as sharing
from sharing.models import Share
from tests.factories import signed_in
from tests.people import Cast
from tests.servers.conftest import boot, running
from tests.servers.memory import MemoryCloud
from tests.servers.test_pages import page, url
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db


def asked(cast: Cast, server: Server, name: str = "web-1-kept") -> Snapshot:
    return actions.start_snapshot(server.pk, by=cast.consumer, name=name)


class TestAsking:
    def test_the_dialog_makes_one(self, cast: Cast, server: Server) -> None:
        here = url("server_image_create", cast.beta, server)
        assert f'href="{here}"' in page(cast.bob, url("server_detail", cast.beta, server))
        assert "web-1 20" in page(cast.bob, here), "A name is proposed."
        answer = signed_in(cast.bob).post(here, {"name": "kept"})
        assert (answer.status_code, answer["Location"]) == (302, url("server_detail", cast.beta, server))
        assert Snapshot.objects.get().name == "kept"

    def test_what_else_is_on_the_disk_is_told(self, cast: Cast, server: Server) -> None:
        text = page(cast.bob, url("server_image_create", cast.beta, server))
        assert "the server's SSH host keys, what cloud-init left of its user data" in text
        assert "Look before you share it." in text

    def test_nothing_is_lost_without_a_name(self, cast: Cast, server: Server) -> None:
        answer = signed_in(cast.bob).post(url("server_image_create", cast.beta, server), {"name": " "})
        assert answer.status_code == 422
        assert "Give the image a name." in answer.content.decode()

    def test_a_reason_stands_in_the_place_of_the_button(self, cast: Cast, server: Server) -> None:
        asked(cast, server)
        text = page(cast.bob, url("server_detail", cast.beta, server))
        assert text.count("An image is being made from it.") >= 3
        assert "An image is being made from it." in page(cast.bob, url("server_image_create", cast.beta, server))

    def test_a_cloud_that_cannot_do_it_live_says_so(
        self, cast: Cast, server: Server, cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cloud, "abilities", replace(cloud.abilities, live_snapshots=False))
        assert "Stop it first" in page(cast.bob, url("server_detail", cast.beta, server))

    def test_an_observer_is_told_why_not(self, cast: Cast, server: Server) -> None:
        assert "can make images from servers." in page(cast.dave, url("server_detail", cast.beta, server))


class TestLimitsAreTold:
    @pytest.fixture
    def limited(self, cast: Cast, cloud: MemoryCloud, small: Flavor, golden: Image) -> Server:
        """A server from golden, which Beta Consumers may only boot."""
        share = offer_one(golden, cast.producer, cast.beta.number, export=False)
        sharing.accept(share.pk, by=cast.consumer)
        return running(boot(cast.consumer, golden))

    def test_the_producer_is_named_with_what_follows(self, cast: Cast, limited: Server) -> None:
        text = page(cast.bob, url("server_image_create", cast.beta, limited))
        assert "Acme Producers lets you boot servers from “debian-12-golden”, and no more." in text
        assert "nobody can download, copy or convert it" in text

    def test_a_producer_who_took_it_back_is_not_named(self, cast: Cast, limited: Server) -> None:
        share = Share.objects.get()
        sharing.remove(share.image_id, share.pk, by=cast.producer)
        text = page(cast.bob, url("server_image_create", cast.beta, limited))
        assert "which you cannot download" in text
        assert "Acme Producers" not in text

    def test_whoever_may_have_the_data_is_reminded_of_the_producer(self, cast: Cast, server: Server) -> None:
        text = page(cast.bob, url("server_image_create", cast.beta, server))
        assert "made from an image of Acme Producers" in text
        assert "and no more" not in text

    def test_the_image_says_so(self, cast: Cast, limited: Server) -> None:
        actions.run_snapshot(asked(cast, limited).pk)
        image = Image.objects.get(account=cast.beta)
        assert "For booting servers only" in page(cast.bob, reverse("image_detail", args=[cast.beta.number, image.pk]))


class TestFollowing:
    def test_what_is_being_made_is_shown_and_cancelled(self, cast: Cast, server: Server) -> None:
        snapshot = asked(cast, server)
        here = url("server_detail", cast.beta, server)
        text = page(cast.bob, here)
        assert "web-1-kept" in text
        assert "<progress" in text
        assert 'hx-trigger="every 2s"' in text
        answer = signed_in(cast.bob).post(
            reverse("server_image_discard", args=[cast.beta.number, server.pk, snapshot.pk])
        )
        assert (answer.status_code, answer["Location"]) == (302, here)
        assert "<progress" not in page(cast.bob, here)

    def test_an_observer_cannot_cancel(self, cast: Cast, server: Server) -> None:
        snapshot = asked(cast, server)
        discard = reverse("server_image_discard", args=[cast.beta.number, server.pk, snapshot.pk])
        assert discard not in page(cast.dave, url("server_detail", cast.beta, server))
        assert signed_in(cast.dave).post(discard).status_code == 403

    def test_a_failure_is_told_until_it_is_put_aside(self, cast: Cast, server: Server, cloud: MemoryCloud) -> None:
        cloud.errors["snapshot"] = [CloudRefused("The disk there is full.")]
        actions.run_snapshot(asked(cast, server).pk)
        text = page(cast.bob, url("server_detail", cast.beta, server))
        assert "The disk there is full." in text
        assert "Put aside" in text

    def test_what_was_made_leads_to_its_image(self, cast: Cast, server: Server) -> None:
        actions.run_snapshot(asked(cast, server).pk)
        image = Image.objects.get(account=cast.beta)
        leads = reverse("image_detail", args=[cast.beta.number, image.pk])
        assert f'href="{leads}"' in page(cast.bob, url("server_detail", cast.beta, server))
        assert "Server snapshot" in page(cast.bob, leads)
        delete(image.pk, by=cast.consumer)
        assert f'href="{leads}"' not in page(cast.bob, url("server_detail", cast.beta, server))


class TestToldToTheProducer:
    def test_servers_of_each_recipient_stand_beside_it(self, cast: Cast, server: Server, golden: Image) -> None:
        running(boot(cast.consumer, golden))
        text = page(cast.alice, reverse("image_detail", args=[cast.acme.number, golden.pk]))
        assert "2 servers run from it" in text
        for each in Server.objects.all():
            actions.delete_server(each.pk, by=cast.consumer)
        assert "run from it" not in page(cast.alice, reverse("image_detail", args=[cast.acme.number, golden.pk]))
