"""A worker hears of a new task at once, and misses nothing when it does not."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django_q.tasks import async_task
from pytest_django.fixtures import Settings

from config.waking import MOST_NEWS, News, pipe_of, tell

pytestmark = pytest.mark.django_db(transaction=True)
TASK = "tests.config.test_worker.note"


@pytest.fixture
def news(settings: Settings, tmp_path: Path) -> Iterator[News]:
    settings.DATA_DIR = tmp_path
    news = News("control")
    yield news
    news.close()


def waited(news: News, seconds: float = 5) -> float:
    start = time.monotonic()
    news.wait(seconds)
    return time.monotonic() - start


def test_a_new_task_ends_the_wait(news: News) -> None:
    async_task(TASK, "hello", cluster="control")
    assert waited(news) < 1


def test_nobody_hears_of_a_task_before_it_can_be_seen(news: News) -> None:
    with transaction.atomic():
        async_task(TASK, "hello", cluster="control")
        assert waited(news, 0.05) >= 0.05
    assert waited(news) < 1


def test_tasks_of_other_queues_are_no_news(news: News) -> None:
    async_task(TASK, "hello", cluster="mail")
    assert waited(news, 0.05) >= 0.05


def test_news_that_came_before_the_wait_counts_once(news: News) -> None:
    for _again in range(3):
        tell("control")
    assert waited(news) < 1
    assert waited(news, 0.05) >= 0.05


def test_a_worker_waits_all_the_same_where_there_can_be_no_pipes(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "missing"
    news = News("control")
    assert 0.05 <= waited(news, 0.05) < 1
    news.close()


def test_without_a_worker_nobody_waits_for_one(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    tell("control")
    assert not pipe_of("control").exists()
    News("control").close()
    tell("control")


def test_a_worker_that_sleeps_stops_nobody(news: News) -> None:
    for _again in range(MOST_NEWS + 10):
        tell("control")
    assert waited(news) < 1
