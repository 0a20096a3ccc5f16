"""The people whom every test knows: the cast of the demo, as fixtures.

Alice and Carol make images at Acme Producers; Bob and Dave receive them at Beta Consumers; Erin tests them in the
group Golden Testers, which Alice manages. Sam reviews, Root runs the panel. Rhea runs an account that has nothing to
do with any of them, and Trudy has only her own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from accounts.models import Account, Organization, Team, User
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image, Region
from images.stores import FileStore, get_store
from tests import factories
from tests.kept import Kept


@dataclass(frozen=True)
class Cast:
    """Everybody, and what they belong to."""

    alice: User
    carol: User
    bob: User
    dave: User
    erin: User
    sam: User
    root: User
    rhea: User
    trudy: User
    acme: Account
    beta: Account
    rival: Account
    acme_group: Organization
    beta_holdings: Organization
    golden_testers: Team
    night_shift: Team
    iad: Region
    dfw: Region

    @property
    def producer(self) -> Viewer:
        """Alice at Acme Producers."""
        return factories.viewer(self.alice, self.acme)

    @property
    def creator(self) -> Viewer:
        """Carol at Acme Producers."""
        return factories.viewer(self.carol, self.acme)

    @property
    def consumer(self) -> Viewer:
        """Bob at Beta Consumers."""
        return factories.viewer(self.bob, self.beta)

    @property
    def observer(self) -> Viewer:
        """Dave at Beta Consumers."""
        return factories.viewer(self.dave, self.beta)


PEOPLE: dict[str, dict[str, Any]] = {
    "alice": {"name": "Alice Archer"},
    "carol": {"name": "Carol Cho"},
    "bob": {"name": "Bob Baker"},
    "dave": {"name": "Dave Dunn"},
    "erin": {"name": "Erin Estrada"},
    "sam": {"name": "Sam Singh", "is_staff": True},
    "root": {"name": "Root", "is_staff": True, "is_superuser": True},
    "rhea": {"name": "Rhea Rossi"},
    "trudy": {"name": "Trudy Tran"},
}


def call_together() -> Cast:
    """Make everybody. Nothing is shared yet."""
    people = {login: factories.make_person(login, **fields) for login, fields in PEOPLE.items()}
    alice, bob = people["alice"], people["bob"]
    acme_group = factories.make_organization("Acme Group", alice)
    beta_holdings = factories.make_organization("Beta Holdings", bob)
    acme = factories.make_account("Acme Producers", alice, organization=acme_group)
    beta = factories.make_account("Beta Consumers", bob, organization=beta_holdings)
    golden_testers = factories.make_team("Golden Testers", alice)
    night_shift = factories.make_team("Night Shift", bob)
    factories.join(people["carol"], acme, Role.CREATOR)
    factories.join(people["dave"], beta, Role.OBSERVER)
    factories.join(people["erin"], golden_testers, Role.MEMBER)
    return Cast(
        **people,
        acme=acme,
        beta=beta,
        rival=factories.make_account("Rival Images", people["rhea"]),
        acme_group=acme_group,
        beta_holdings=beta_holdings,
        golden_testers=golden_testers,
        night_shift=night_shift,
        iad=factories.make_region("IAD"),
        dfw=factories.make_region("DFW"),
    )


@pytest.fixture
def image_store(settings: Settings, tmp_path: Path) -> Path:
    """A folder of the test's own for image data."""
    settings.IMAGE_STORE_DIR = tmp_path / "images"
    return tmp_path / "images"


@pytest.fixture
def archive(image_store: Path, settings: Settings, tmp_path: Path) -> FileStore:
    """A second store of the test's own, named "archive"."""
    description = {"BACKEND": "images.stores.files.FileStore", "OPTIONS": {"root": tmp_path / "archive"}}
    settings.IMAGE_STORES = {"archive": description}
    store = get_store("archive")
    assert isinstance(store, FileStore)
    return store


@pytest.fixture(scope="session")
def kept_cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Kept[Cast]:
    """Everybody as rows, before any test changes what the world is like."""
    with django_db_blocker.unblock():
        return Kept.of(call_together)


@pytest.fixture
def cast(kept_cast: Kept[Cast], db: None, image_store: Path) -> Cast:
    """Everybody, and what they belong to. Nothing is shared yet."""
    return kept_cast.put_back()


@pytest.fixture
def alice(cast: Cast) -> User:
    """Admin of Acme Producers, manager of Golden Testers and Acme Group."""
    return cast.alice


@pytest.fixture
def carol(cast: Cast) -> User:
    """Creator of Acme Producers."""
    return cast.carol


@pytest.fixture
def bob(cast: Cast) -> User:
    """Admin of Beta Consumers, manager of Night Shift and Beta Holdings."""
    return cast.bob


@pytest.fixture
def dave(cast: Cast) -> User:
    """Observer of Beta Consumers."""
    return cast.dave


@pytest.fixture
def erin(cast: Cast) -> User:
    """Member of Golden Testers."""
    return cast.erin


@pytest.fixture
def sam(cast: Cast) -> User:
    """Staff, may review only."""
    return cast.sam


@pytest.fixture
def root(cast: Cast) -> User:
    """The administrator of the panel."""
    return cast.root


@pytest.fixture
def acme(cast: Cast) -> Account:
    """Acme Producers, in the organization Acme Group."""
    return cast.acme


@pytest.fixture
def beta(cast: Cast) -> Account:
    """Beta Consumers, in the organization Beta Holdings."""
    return cast.beta


@pytest.fixture
def producer(cast: Cast) -> Viewer:
    """Alice at Acme Producers."""
    return cast.producer


@pytest.fixture
def consumer(cast: Cast) -> Viewer:
    """Bob at Beta Consumers."""
    return cast.consumer


@pytest.fixture
def golden(cast: Cast) -> Image:
    """A private image of Acme Producers: debian-12-golden."""
    return factories.make_image(cast.acme, cast.alice)
