"""Governance in a browser: a policy tried out and then enforced, an offer that waits for a second person, exposure."""

from playwright.sync_api import Page, expect

from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from tests import factories
from tests.journeys.conftest import Visit
from tests.people import Cast


def accepted(cast: Cast, name: str = "debian-12-golden") -> Image:
    """An image that Beta Consumers has accepted from Acme."""
    image = factories.make_image(cast.acme, cast.alice, name=name)
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    actions.accept(offered.share.pk, by=cast.consumer)
    return image


def test_a_manager_tries_a_policy_out_before_it_refuses(cast: Cast, visit: Visit) -> None:
    image = accepted(cast)
    page = visit(cast.bob)
    page.goto(f"/a/{cast.beta.number}/organizations/{cast.beta_holdings.pk}/")
    page.get_by_role("link", name="Policy").click()

    page.get_by_role("radio", name="Only write down what would be refused").check()
    page.get_by_role("checkbox", name="Only images that somebody looked into").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The policy is saved.")).to_be_visible()
    expect(page.get_by_role("heading", name="1 of 1 accepted images would be refused")).to_be_visible()

    download(page, cast, image)
    page.goto(f"/a/{cast.beta.number}/organizations/{cast.beta_holdings.pk}/policy/")
    expect(page.get_by_role("heading", name="Would have been refused 1")).to_be_visible()

    page.get_by_role("radio", name="Refuse", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="This would refuse 1 of 1 accepted images")).to_be_visible()
    page.get_by_role("button", name="Save and refuse these").click()
    expect(page.get_by_role("heading", name="1 of 1 accepted images are refused")).to_be_visible()

    page.goto(f"/a/{cast.beta.number}/images/{image.pk}/")
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    reason = "Beta Holdings takes only images that were looked into without finding secrets."
    expect(page.get_by_role("button", name="Download").first).to_have_accessible_description(reason)


def download(page: Page, cast: Cast, image: Image) -> None:
    page.goto(f"/a/{cast.beta.number}/images/{image.pk}/")
    with page.expect_download():
        page.get_by_role("link", name="Download").first.click()


def test_an_offer_outside_waits_for_a_second_person(cast: Cast, visit: Visit) -> None:
    image = factories.make_image(cast.acme, cast.alice)
    manager = visit(cast.alice)
    manager.goto(f"/a/{cast.acme.number}/organizations/{cast.acme_group.pk}/rules/")
    manager.get_by_role("radio", name="Only when a second person approves").check()
    manager.get_by_role("button", name="Save").click()
    expect(manager.get_by_text("The rules are saved.")).to_be_visible()

    actions.offer(image.pk, by=cast.creator, addresses=parse(cast.beta.number))
    creator = visit(cast.carol)
    creator.goto(f"/a/{cast.acme.number}/images/{image.pk}/")
    expect(creator.get_by_text("Waits for approval")).to_be_visible()
    consumer = visit(cast.bob)
    consumer.goto(f"/a/{cast.beta.number}/shared/")
    expect(consumer.get_by_text(image.name)).to_have_count(0)

    manager.goto(f"/a/{cast.acme.number}/organizations/{cast.acme_group.pk}/")
    manager.get_by_role("link", name="Approvals 1").click()
    manager.get_by_role("button", name="Approve").click()
    expect(manager.get_by_text(f"is offered to {cast.beta.grouped_number}").first).to_be_visible()
    expect(manager.get_by_role("heading", name="Nothing waits")).to_be_visible()

    consumer.reload()
    expect(consumer.get_by_text(image.name).first).to_be_visible()


def test_a_manager_sees_what_is_shared_outside_and_asks(cast: Cast, visit: Visit) -> None:
    factories.join(cast.dave, cast.acme, Role.ADMIN)
    accepted(cast)
    page = visit(cast.alice)
    page.goto(f"/a/{cast.acme.number}/organizations/{cast.acme_group.pk}/")
    page.get_by_role("link", name="Exposure").click()
    expect(page.get_by_role("row", name="debian-12-golden")).to_contain_text(cast.beta.grouped_number)
    page.get_by_role("link", name="Never accepted").click()
    expect(page.get_by_role("heading", name="None")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("button", name="Ask to review").click()
    expect(page.get_by_text("The admins of Acme Producers are asked to look at it.").first).to_be_visible()
    expect(page.get_by_role("button", name="Ask to review")).to_have_attribute("aria-disabled", "true")
