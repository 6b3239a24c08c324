import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import connecting  # noqa: E402
from larder_server import Server  # noqa: E402


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def client(server):
    with connecting.connect(server) as redis_client:
        yield redis_client
