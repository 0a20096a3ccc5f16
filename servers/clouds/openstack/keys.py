"""Whether a cloud key works, before anybody relies on it."""

from dataclasses import dataclass

from servers.clouds.base import CloudProblem
from servers.clouds.openstack.access import Access, connected
from servers.clouds.openstack.problems import in_words


@dataclass(frozen=True, slots=True)
class KeyTest:
    """What a cloud says of a key.

    Attributes:
        problem: why it cannot be used, for people, with what to do; empty when it can.
        project_id: in the cloud, to which it belongs; empty where that is not known.
    """

    problem: str
    project_id: str = ""


def test_key(access: Access) -> KeyTest:
    """Sign in with a key, and look whether servers and images can be reached with it. Takes seconds; stores nothing.

    Ask for it with ``servers.clouds.finding.access_of``; never within a transaction.
    """
    project_id = ""
    try:
        with in_words(access):
            project_id = str(connected(access).session.get_project_id() or "")
            next(iter(connected(access).compute.flavors(details=False, limit=1)), None)
            next(iter(connected(access).image.images(limit=1)), None)
    except CloudProblem as problem:
        return KeyTest(str(problem), project_id)
    return KeyTest("" if project_id else "The key belongs to no project: make it in one.", project_id)
