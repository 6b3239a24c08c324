"""Jobs of RQ workers."""

import time

import rq


def double(number):
    return number * 2


def note(name):
    """Appends to a list, so that a test sees the order."""
    rq.get_current_job().connection.rpush("order", name)


def fail_twice():
    if rq.get_current_job().connection.incr("tries") < 3:
        raise RuntimeError("not yet")
    return "at last"


def fail():
    raise ValueError("as it should")


def sleep_until_stopped():
    rq.get_current_job().connection.set("sleeping", 1)
    time.sleep(600)
