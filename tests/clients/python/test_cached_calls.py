import asyncio

from apps.cached_calls import cached
from connecting import connect_async


def test_same_arguments_share_one_entry(client):
    calls = []

    @cached(client, ttl_s=60)
    def area(width, height=2, *, unit="m"):
        calls.append((width, height, unit))
        return {"area": width * height, "unit": unit}

    assert area(3) == {"area": 6, "unit": "m"}
    assert area(3, 2) == area(width=3, height=2) == area(3, unit="m") == {"area": 6, "unit": "m"}
    assert calls == [(3, 2, "m")]
    assert client.dbsize() == 1


def test_other_arguments_have_entries_of_their_own(client):
    calls = []

    @cached(client, ttl_s=60)
    def double(number):
        calls.append(number)
        return number * 2

    assert [double(n) for n in range(50)] == [n * 2 for n in range(50)]
    assert [double(n) for n in range(50)] == [n * 2 for n in range(50)]
    assert calls == list(range(50))
    assert client.dbsize() == 50
    assert all(0 < client.ttl(key) <= 60 for key in client.scan_iter(match="calls:*"))


def test_forgotten_call_is_made_again(client):
    calls = []

    @cached(client, ttl_s=60)
    def none_is_a_value_too(text):
        calls.append(text)

    assert none_is_a_value_too("a\0b\r\n") is None
    assert none_is_a_value_too("a\0b\r\n") is None
    assert calls == ["a\0b\r\n"]
    assert none_is_a_value_too.forget("a\0b\r\n") == 1
    none_is_a_value_too("a\0b\r\n")
    assert len(calls) == 2


def test_coroutines_are_cached(server):
    async def scenario():
        async with connect_async(server) as client:
            calls = []

            @cached(client, ttl_s=60)
            async def profile(user, fields=("name",)):
                calls.append(user)
                return {field: f"{field} of {user}" for field in fields}

            assert await profile(1) == {"name": "name of 1"}
            assert await profile(1, fields=("name",)) == {"name": "name of 1"}
            assert await profile(1, ("name", "mail")) == {"name": "name of 1", "mail": "mail of 1"}
            assert calls == [1, 1]
            assert await profile.forget(1) == 1
            assert await client.exists(profile.key(1)) == 0

    asyncio.run(scenario())
