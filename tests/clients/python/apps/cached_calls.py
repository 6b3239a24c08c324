"""A decorator that keeps a function's results under a key made of a hash of its arguments."""

import functools
import hashlib
import inspect
import pickle


def key_of(function, prefix, arguments, keywords):
    """The same call gives the same key however its arguments are passed."""
    bound = inspect.signature(function).bind(*arguments, **keywords)
    bound.apply_defaults()
    text = repr(sorted(bound.arguments.items())).encode()
    return f"{prefix}:{function.__qualname__}:{hashlib.sha256(text).hexdigest()}"


def cached(client, ttl_s, prefix="calls"):
    """For plain functions with redis.Redis and for coroutines with redis.asyncio.Redis."""

    def decorate(function):
        def key(arguments, keywords):
            return key_of(function, prefix, arguments, keywords)

        @functools.wraps(function)
        def call(*arguments, **keywords):
            name = key(arguments, keywords)
            held = client.get(name)
            if held is not None:
                return pickle.loads(held)
            value = function(*arguments, **keywords)
            client.set(name, pickle.dumps(value), ex=ttl_s)
            return value

        @functools.wraps(function)
        async def call_async(*arguments, **keywords):
            name = key(arguments, keywords)
            held = await client.get(name)
            if held is not None:
                return pickle.loads(held)
            value = await function(*arguments, **keywords)
            await client.set(name, pickle.dumps(value), ex=ttl_s)
            return value

        chosen = call_async if inspect.iscoroutinefunction(function) else call
        chosen.key = lambda *arguments, **keywords: key(arguments, keywords)
        chosen.forget = lambda *arguments, **keywords: client.delete(key(arguments, keywords))
        return chosen

    return decorate
