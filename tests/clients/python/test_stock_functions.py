import threading

import pytest
from redis.exceptions import ResponseError

from apps.stock_functions import NAME, Stock
from connecting import connect
from larder_server import Server, wait_until

SHOPPERS = 8


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def as_dict(reply):
    """A map of RESP3, or its flat list in RESP2, with keys as text."""
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2])
    return {text(key): value for key, value in pairs}


@pytest.fixture
def stock(client):
    stock = Stock(client)
    assert text(stock.deploy()) == NAME
    return stock


def test_what_is_taken_is_there(server, stock):
    stock.add("shoe", 100)
    taken = []

    def shop(number):
        with connect(server) as own:
            mine = Stock(own)
            for count in range(40):
                if mine.take("shoe", 1, f"{number}:{count}") is not None:
                    taken.append((number, count))

    threads = [threading.Thread(target=shop, args=(number,)) for number in range(SHOPPERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(taken) == 100
    assert stock.level("shoe")[0] == 0
    assert stock.client.hlen("orders:shoe") == 100


def test_what_is_given_back_can_be_taken(stock):
    assert stock.add("hat", 3) == 3
    assert stock.take("hat", 2, "first") == 1
    assert stock.take("hat", 2, "second") is None
    assert stock.give_back("hat", "first") == 3
    with pytest.raises(ResponseError, match="NOORDER first"):
        stock.give_back("hat", "first")
    assert stock.take("hat", 3, "third") == 0


def test_a_new_version_goes_in_while_shoppers_ask(server, stock):
    stock.add("shoe", 5)
    versions_seen, ended = [[] for _ in range(SHOPPERS)], threading.Event()

    def ask(seen):
        with connect(server) as own:
            while not ended.is_set():
                seen.append(Stock(own).level("shoe"))

    threads = [threading.Thread(target=ask, args=(seen,)) for seen in versions_seen]
    for thread in threads:
        thread.start()
    for version in range(2, 30):
        stock.deploy(version)
        assert stock.level("shoe") == (5, version)
    wait_until(lambda: all(seen and seen[-1][1] == 29 for seen in versions_seen), "all see the last")
    ended.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for seen in versions_seen:
        assert all(left == 5 for left, _ in seen)
        versions = [version for _, version in seen]
        assert versions == sorted(versions)


def test_what_is_there_can_be_listed(client, stock):
    libraries = [as_dict(each) for each in client.function_list(library="st*", withcode=True)]
    assert [text(each["library_name"]) for each in libraries] == [NAME]
    assert text(libraries[0]["library_code"]).startswith("#!lua name=stock\n")
    functions = {text(each["name"]): each for each in map(as_dict, libraries[0]["functions"])}
    assert sorted(functions) == ["stock_add", "stock_give_back", "stock_level", "stock_take"]
    assert text(functions["stock_level"]["description"]) == "Pieces that are left"
    assert [text(flag) for flag in functions["stock_level"]["flags"]] == ["no-writes"]
    with pytest.raises(ResponseError, match="already exists"):
        client.function_load("#!lua name=stock\nredis.register_function('x', function() end)")
    assert client.function_delete(NAME)
    with pytest.raises(ResponseError, match="Function not found"):
        stock.level("shoe")


def test_functions_move_to_another_server(client, stock):
    payload = client.function_dump()
    with Server() as other, connect(other) as there:
        assert there.function_restore(payload)
        assert Stock(there).add("shoe", 7) == 7
        assert Stock(there).level("shoe") == (7, 1)
        with pytest.raises(ResponseError, match="already exists"):
            there.function_restore(payload)
        assert there.function_restore(payload, "REPLACE")
        assert there.function_flush("SYNC")
        assert there.function_restore(payload, "FLUSH")
    assert stock.level("shoe") == (0, 1)


def test_a_read_only_call_takes_no_function_that_writes(stock):
    with pytest.raises(ResponseError, match="write flag"):
        stock.client.fcall_ro("stock_add", 1, "stock:shoe", 1)


def test_calls_in_a_transaction(client, stock):
    with client.pipeline(transaction=True) as pipeline:
        pipeline.fcall("stock_add", 1, "stock:shoe", 4)
        pipeline.fcall("stock_take", 2, "stock:shoe", "orders:shoe", 1, "order")
        pipeline.hget("stock:shoe", "level")
        assert pipeline.execute() == [4, 3, b"3"]


def test_a_runaway_function_is_killed(server, client):
    client.config_set("busy-reply-threshold", 100)
    client.function_load("#!lua name=runaway\nredis.register_function('spin', function()"
                         " while true do end end)")
    errors = []

    def spin():
        with connect(server) as own:
            try:
                own.fcall("spin", 0)
            except ResponseError as error:
                errors.append(str(error))

    thread = threading.Thread(target=spin)
    thread.start()

    def kill():
        try:
            return client.function_kill()
        except ResponseError:
            return None

    wait_until(kill, "it is killed")
    thread.join(60)
    assert not thread.is_alive()
    assert len(errors) == 1 and "Script killed by user" in errors[0]
    assert client.ping()
