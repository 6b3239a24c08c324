"""RQ: queues on lists and hashes, workers as processes that fork for each job."""

import datetime

import pytest
import rq
import rq.command
from rq.registry import FailedJobRegistry, ScheduledJobRegistry

from apps import rq_jobs
from larder_server import wait_until
from workers import worker


def rq_worker(server, *arguments):
    return worker("rq.cli", "worker", "--url", f"redis://127.0.0.1:{server.port}", *arguments)


@pytest.fixture
def queue(client):
    return rq.Queue("default", connection=client)


def finished(*jobs):
    return lambda: all(job.get_status() == "finished" for job in jobs)


def test_jobs_are_done_and_their_results_kept(server, queue):
    jobs = [queue.enqueue(rq_jobs.double, number) for number in range(10)]
    with rq_worker(server, "--burst", "default") as process:
        assert process.wait(60) == 0
    assert [job.return_value(refresh=True) for job in jobs] == list(range(0, 20, 2))
    assert jobs[0].latest_result().return_value == 0
    assert queue.count == 0
    assert len(queue.finished_job_registry) == 10
    assert 0 < jobs[0].connection.ttl(jobs[0].key) <= 500


def test_queues_by_priority_and_jobs_that_depend_on_others(server, client, queue):
    high = rq.Queue("high", connection=client)
    first = queue.enqueue(rq_jobs.note, "first")
    queue.enqueue(rq_jobs.note, "after", depends_on=first)
    high.enqueue(rq_jobs.note, "high")
    queue.enqueue(rq_jobs.note, "second")
    queue.enqueue(rq_jobs.note, "in front", at_front=True)
    with rq_worker(server, "--burst", "high", "default") as process:
        assert process.wait(60) == 0
    assert client.lrange("order", 0, -1) == [b"high", b"in front", b"first", b"second", b"after"]


def test_failures_are_tried_again_and_kept(server, client, queue):
    retried = queue.enqueue(rq_jobs.fail_twice, retry=rq.Retry(max=3))
    failing = queue.enqueue(rq_jobs.fail)
    with rq_worker(server, "--burst", "default") as process:
        assert process.wait(60) == 0
    assert retried.return_value(refresh=True) == "at last"
    assert failing.get_status() == "failed"
    assert "as it should" in failing.latest_result().exc_string
    registry = FailedJobRegistry(queue=queue)
    assert registry.get_job_ids() == [failing.id]
    registry.requeue(failing.id)
    assert queue.job_ids == [failing.id]


def test_scheduled_jobs_and_commands_to_a_worker(server, client, queue):
    soon = queue.enqueue_in(datetime.timedelta(milliseconds=10), rq_jobs.double, 21)
    late = queue.enqueue_in(datetime.timedelta(hours=1), rq_jobs.double, 1)
    assert len(ScheduledJobRegistry(queue=queue)) == 2
    with rq_worker(server, "--with-scheduler", "default"):
        wait_until(finished(soon), "its time has come")
        assert soon.return_value(refresh=True) == 42
        assert late.get_status() == "scheduled"
        running = queue.enqueue(rq_jobs.sleep_until_stopped)
        wait_until(lambda: client.exists("sleeping"), "it is running")
        (busy,) = rq.Worker.all(connection=client)
        assert busy.get_current_job_id() == running.id
        rq.command.send_stop_job_command(client, running.id)
        wait_until(lambda: running.get_status() == "stopped", "it was stopped")
        rq.command.send_shutdown_command(client, busy.name)
        wait_until(lambda: not rq.Worker.all(connection=client), "the worker has gone")
