"""Asking a cloud: not again and again where it does not answer, and shortly while somebody waits for a page.

Each such page holds a thread of the panel's server meanwhile, and each server that is attended to a worker, so that one
slow cloud could take them all.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache

from accounts.models import Account
from images.models import Region
from servers.clouds.base import Cloud, CloudBusy, CloudProblem, at_most
from servers.models import Server

PAGE_SECONDS = 5  # for which a page waits for each answer
AWAY_SECONDS = 15  # for which pages believe that a cloud still does not answer
SILENT_SECONDS = 60  # for which workers believe it
LONGEST_SECONDS = 30  # after which whoever asks is taken for dead


@contextmanager
def for_a_page(server: Server, cloud: Cloud) -> Iterator[None]:
    """Let one page at a time ask a cloud about a server.

    Raises:
        CloudBusy: another page asks at this moment.
        CloudProblem: the cloud did not answer an account's page a moment ago.
    """
    if not cloud.abilities.far:
        yield
        return
    with one_page_at_a_time(server.region, server.account, str(server.pk)):
        yield


@contextmanager
def one_page_at_a_time(region: Region, account: Account, what: str) -> Iterator[None]:
    """Let one page at a time ask a cloud about one thing of an account.

    Raises:
        CloudBusy, CloudProblem: as ``for_a_page``.
    """
    away, asked = f"cloud-away:{region.pk}:{account.pk}", f"cloud-asked:{region.pk}:{account.pk}:{what}"
    if reason := cache.get(away):
        raise CloudProblem(reason)
    if not cache.add(asked, True, timeout=LONGEST_SECONDS):
        raise CloudBusy("Another page asks at this moment.")
    try:
        with at_most(PAGE_SECONDS):
            yield
    except CloudProblem as problem:
        if not problem.lasting:  # what it refuses for one server, it may do for others
            cache.set(away, str(problem), timeout=AWAY_SECONDS)
        raise
    finally:
        cache.delete(asked)


@contextmanager
def unless_silent(region: Region) -> Iterator[None]:
    """Let a worker ask the cloud of a region, unless another one has just waited for an answer in vain.

    Raises:
        CloudProblem: as the other one was told.
    """
    silent = f"cloud-silent:{region.pk}"
    if reason := cache.get(silent):
        raise CloudProblem(reason)
    try:
        yield
    except CloudProblem as problem:
        if problem.silent:
            cache.set(silent, str(problem), timeout=SILENT_SECONDS)
        raise
