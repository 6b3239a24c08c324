import collections
import threading

from apps.work_queue import DONE, QUEUE, Producer, Worker, put_back
from connecting import connect
from larder_server import wait_until

WORKERS = 8
JOBS = 400


def blocked(client):
    return client.info("clients")["blocked_clients"]


def test_every_job_is_done_once(server, client):
    handled = collections.Counter()
    lock = threading.Lock()

    def handle(job):
        with lock:
            handled[job] += 1

    def work(number):
        with connect(server) as own:
            Worker(own, number).run(handle)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    wait_until(lambda: blocked(client) == WORKERS, "all workers wait")
    producer = Producer(client)
    jobs = [b"job:%d" % number for number in range(JOBS)]
    for first in range(0, JOBS, 100):
        producer.add_atomically(jobs[first:first + 50])
        producer.add(*jobs[first + 50:first + 100])
    producer.add(*[b"stop"] * WORKERS)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert handled == collections.Counter(jobs)
    done = client.lrange(DONE, 0, -1)
    assert collections.Counter(done) == collections.Counter(jobs + [b"stop"] * WORKERS)
    assert client.exists(QUEUE, *[f"jobs:of:{number}" for number in range(WORKERS)]) == 0


def test_jobs_come_in_order(client):
    producer, worker = Producer(client), Worker(client, "only")
    assert producer.add(b"1", b"2", b"3") == 3
    assert [worker.take() for _ in range(3)] == [b"1", b"2", b"3"]
    assert worker.take(timeout=0.05) is None


def test_jobs_of_a_dead_worker_are_put_back(server, client):
    Producer(client).add(b"1", b"2", b"3")
    with connect(server) as dying:
        worker = Worker(dying, "dying")
        assert [worker.take(), worker.take()] == [b"1", b"2"]
    assert put_back(client, "dying") == 2
    assert client.lrange(QUEUE, 0, -1) == [b"3", b"2", b"1"]
    assert Worker(client, "other").take() == b"1"


def test_a_worker_that_goes_while_it_waits_takes_no_job(server, client):
    with connect(server) as going:
        connection = going.connection_pool.get_connection()
        connection.send_command("BLMOVE", QUEUE, "jobs:of:going", "RIGHT", "LEFT", 0)
        wait_until(lambda: blocked(client) == 1, "it waits")
        connection.disconnect()
    wait_until(lambda: blocked(client) == 0, "its end is seen")
    assert Producer(client).add(b"1") == 1
    assert client.lrange(QUEUE, 0, -1) == [b"1"]


def test_several_queues_by_priority(client):
    client.rpush("low", "l1", "l2")
    client.rpush("high", "h1")
    taken = [client.blpop(["high", "low"], timeout=60) for _ in range(3)]
    assert taken == [(b"high", b"h1"), (b"low", b"l1"), (b"low", b"l2")] or taken == [
        [b"high", b"h1"], [b"low", b"l1"], [b"low", b"l2"]]
    client.rpush("low", *range(10))
    assert client.blmpop(0, 2, "high", "low", direction="LEFT", count=4) == [
        b"low", [b"0", b"1", b"2", b"3"]]
