"""conf/examples as a reader would run them."""

import pathlib
import re
import shlex
import subprocess
import sys
import threading

import pytest
import redis

from larder_server import Server, wait_until

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "conf/examples"
sys.path.insert(0, str(EXAMPLES))

import gateway  # noqa: E402
import verbs  # noqa: E402


def url_of(server):
    return f"redis://127.0.0.1:{server.port}"


def test_every_verb_with_redis_py(server):
    verbs.main(url_of(server))


def typed_lines():
    """(command, what it prints) of the transcript."""
    command, printed = None, []
    for line in (EXAMPLES / "verbs.redis-cli").read_text().splitlines():
        if line.startswith(">"):
            if command is not None:
                yield command, printed
            command, printed = line[1:].strip(), []
        elif line and not line.startswith("#"):
            printed.append(line)
    yield command, printed


def test_every_verb_with_redis_cli(server):
    for command, expected in typed_lines():
        done = subprocess.run(["redis-cli", "--no-raw", "-p", str(server.port), *shlex.split(command)],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
        pattern = "(?s:.*)" if expected == ["…"] else re.escape("\n".join(expected)).replace("…", ".*?")
        assert re.fullmatch(pattern, done.stdout.strip("\n")), f"{command}\n{done.stdout}"


class Backend:
    def __init__(self):
        self.calls, self.status, self.fails, self.cacheable = 0, 200, False, True
        self.lock = threading.Lock()

    def __call__(self, path, query, headers, user):
        with self.lock:
            self.calls += 1
        if self.fails:
            raise gateway.BackendError
        return self.status, f"{path} {self.calls}", self.cacheable


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def client(server):
    with redis.Redis(port=server.port, decode_responses=True) as decoding:
        yield decoding


@pytest.fixture
def front(client, backend):
    return gateway.Gateway(client, backend)


PRODUCT = ("shop", "v1", "GET /products/{id}", "/products/7")


def test_an_answer_comes_from_the_cache(front, backend):
    assert front.get(*PRODUCT) == front.get(*PRODUCT) == (200, "/products/7 1")
    assert backend.calls == 1


def test_what_an_answer_depends_on_is_its_key(front, backend):
    front.get(*PRODUCT, headers={"accept-language": "de"})
    front.get(*PRODUCT, headers={"accept-language": "fr"})
    front.get(*PRODUCT, headers={"accept-language": "fr", "x-trace": "1"})
    front.get("shop", "v1", "GET /basket", "/basket", user="ada")
    front.get("shop", "v1", "GET /basket", "/basket", user="bob")
    assert backend.calls == 4


def test_many_callers_ask_the_backend_once(server, backend):
    def call():
        with redis.Redis(port=server.port, decode_responses=True) as one:
            gateway.Gateway(one, backend).get(*PRODUCT)

    callers = [threading.Thread(target=call) for _ in range(50)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert backend.calls == 1


def test_purges_by_api_and_version(front, backend):
    front.get(*PRODUCT)
    front.get("shop", "v2", "GET /search", "/search", query={"q": "a"})
    assert front.purge_api("shop", "v1") == 1
    front.get("shop", "v2", "GET /search", "/search", query={"q": "a"})
    assert backend.calls == 2
    front.get(*PRODUCT)
    assert backend.calls == 3
    assert front.purge_api("shop") == 2


def test_after_a_soft_purge_one_caller_refreshes_and_the_others_are_served(front, client, backend):
    front.get(*PRODUCT)
    front.purge_api("shop", soft_s=60)
    key = gateway.key_of(PRODUCT[2], PRODUCT[3], {}, {}, None)
    token = verbs.cache_get(client, key, "LEASE", 5000)["token"]
    assert token is not None
    assert front.get(*PRODUCT) == (200, "/products/7 1")
    client.execute_command("CACHE.RELEASE", key, token)
    assert front.get(*PRODUCT) == (200, "/products/7 2")


def test_not_found_is_remembered(front, backend):
    backend.status = 404
    assert front.get(*PRODUCT)[0] == front.get(*PRODUCT)[0] == 404
    assert backend.calls == 1


def test_what_must_not_be_cached_is_not(front, backend):
    backend.cacheable = False
    front.get(*PRODUCT)
    front.get(*PRODUCT)
    assert backend.calls == 2


def test_a_failing_backend_is_covered_by_what_there_was(front, backend):
    assert front.get(*PRODUCT)[0] == 200
    front.purge_api("shop", soft_s=60)
    backend.fails = True
    assert front.get(*PRODUCT) == (200, "/products/7 1")
    front.purge_api("shop")
    assert front.get(*PRODUCT)[0] == 502


def test_rate_limits(front):
    assert [front.allow("ada", 2, 600) for _ in range(3)] == [True, True, False]
    assert front.allow("bob", 2, 600)


def test_a_flood_of_answers_evicts_neither_limits_nor_the_other_cache():
    with Server("--maxmemory", "64mb") as server:
        with redis.Redis(port=server.port, decode_responses=True) as one:
            gateway.define_caches(one, quota="1mb")
            front = gateway.Gateway(one, Backend())
            assert front.get(*PRODUCT)[1] == "/products/7 1"
            assert [front.allow(f"user {n}", 1, 600) for n in range(100)] == [True] * 100
            with one.pipeline(transaction=False) as pipeline:
                for n in range(5000):
                    pipeline.set(f"cache:search:{n}", "x" * 1000)
                pipeline.execute()
            stats = one.execute_command("CACHE.NS", "STATS", "search")
            stats = stats if isinstance(stats, dict) else dict(zip(stats[::2], stats[1::2]))
            assert stats["evictions"] > 0 and stats["bytes"] <= 1 << 20
            assert front.get(*PRODUCT)[1] == "/products/7 1"
            assert [front.allow(f"user {n}", 1, 600) for n in range(100)] == [False] * 100


def test_routes_are_kept_in_the_process_until_they_change(server, client):
    with gateway.routes_with_a_second_layer(url_of(server)) as routes:
        client.set("route:/shop", "one")
        assert routes.get("route:/shop") == "one"
        client.set("route:/shop", "two")
        wait_until(lambda: routes.get("route:/shop") == "two", "word of the change")


def test_the_gateway_may_not_flush_and_administrators_may(tmp_path):
    with Server("--aclfile", str(EXAMPLES / "gateway.acl")) as server:
        with redis.Redis(port=server.port, username="gateway", password="change-me",
                         decode_responses=True) as one:
            front = gateway.Gateway(one, Backend())
            assert front.get(*PRODUCT)[0] == 200
            assert front.purge_api("shop") == 1
            assert front.allow("ada", 1, 60)
            for refused in (["FLUSHALL"], ["SET", "other", "v"], ["CACHE.PURGETAG", "other"]):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    one.execute_command(*refused)
        with redis.Redis(port=server.port, username="admin", password="change-me-too") as admin:
            assert admin.flushall()
