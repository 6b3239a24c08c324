"""Celery: a broker on lists, results on strings and publish/subscribe, workers as processes."""

import importlib
import sys

import celery
import pytest

from larder_server import wait_until
from workers import kill, worker

PATIENCE_S = 60


@pytest.fixture
def tasks(server, monkeypatch):
    """The application's module, with the test's server as its broker."""
    monkeypatch.setenv("APP_REDIS", f"redis://127.0.0.1:{server.port}")
    sys.modules.pop("apps.celery_tasks", None)
    module = importlib.import_module("apps.celery_tasks")
    yield module
    module.app.close()
    sys.modules.pop("apps.celery_tasks", None)


def celery_worker(*options):
    return worker("celery", "-A", "apps.celery_tasks", "worker", "--loglevel", "INFO", *options)


THREADS = ["--pool", "threads", "--concurrency", "4"]


def test_tasks_groups_chains_and_chords(tasks):
    with celery_worker(*THREADS):
        results = [tasks.add.delay(number, number) for number in range(100)]
        assert [result.get(PATIENCE_S) for result in results] == list(range(0, 200, 2))
        group = celery.group(tasks.add.s(number, 1) for number in range(20))()
        assert group.get(PATIENCE_S) == list(range(1, 21))
        chain = (tasks.add.s(1, 2) | tasks.add.s(10) | tasks.add.s(100))()
        assert chain.get(PATIENCE_S) == 113
        chord = celery.chord((tasks.add.s(number, number) for number in range(10)),
                             tasks.total.s())()
        assert chord.get(PATIENCE_S) == 90


def test_retries_failures_and_progress(tasks, client):
    with celery_worker(*THREADS):
        assert tasks.third_time.delay().get(PATIENCE_S) == 2
        with pytest.raises(ValueError, match="as it should"):
            tasks.fail.delay().get(PATIENCE_S)
        report = tasks.report.delay(7)
        wait_until(lambda: report.state == "PROGRESS", "its progress is seen")
        assert report.info == {"steps": 7}
        tasks.app.backend.client.set("seen", 1)
        assert report.get(PATIENCE_S) == "done"
        assert 0 < tasks.app.backend.client.ttl(f"celery-task-meta-{report.id}") <= 600
        report.forget()
        assert not tasks.app.backend.client.exists(f"celery-task-meta-{report.id}")


def test_delays_priorities_revocation_and_inspection(tasks, client):
    for priority, name in [(9, "low"), (0, "high"), (5, "middle")]:
        tasks.add.apply_async([0, priority], priority=priority, task_id=name)
    with celery_worker(*THREADS):
        assert tasks.add.apply_async([1, 2], countdown=0.2).get(PATIENCE_S) == 3
        late = tasks.add.apply_async([1, 2], countdown=600)
        # A worker takes a delayed task at once and keeps it: it stands among the unacknowledged.
        wait_until(lambda: client.hlen("unacked") == 1, "the worker has it")
        inspect = tasks.app.control.inspect(timeout=1)
        (answer,) = wait_until(inspect.ping, "a worker answers").values()
        assert answer == {"ok": "pong"}
        late.revoke()
        wait_until(lambda: any(late.id in ids for ids in (inspect.revoked() or {}).values()),
                   "the worker knows that it is revoked")
        for name, value in [("low", 9), ("high", 0), ("middle", 5)]:
            assert tasks.app.AsyncResult(name).get(PATIENCE_S) == value
    # An orderly end puts back what was not done.
    wait_until(lambda: client.hlen("unacked") == 0, "it was put back")


def test_the_task_of_a_killed_worker_is_done_by_another(tasks, client):
    store = tasks.app.backend.client
    with celery_worker("--pool", "prefork", "--concurrency", "1") as first:
        result = tasks.slow_once.delay()
        wait_until(lambda: store.get("slow_once") == b"1", "the first worker is at it")
        kill(first)
    assert client.hlen("unacked") == 1
    # What the visibility timeout would do in ten minutes.
    with tasks.app.connection_for_write() as connection:
        with connection.channel() as channel:
            (tag,) = [tag.decode() for tag in client.zrange("unacked_index", 0, -1)]
            channel.qos.restore_by_tag(tag)
    with celery_worker(*THREADS):
        assert result.get(PATIENCE_S) == "done"
    assert store.get("slow_once") == b"2"
