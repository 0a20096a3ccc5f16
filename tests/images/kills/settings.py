"""The panel's settings for a panel that is killed: as in a real one, but the tasks of the dead come back soon."""

from tests.settings import *  # noqa: F403 - all of them, that is the point
from tests.settings import Q_CLUSTER

Q_CLUSTER |= {"timeout": 5, "retry": 20}
