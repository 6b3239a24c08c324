"""Users with few rights, as a team would give them to its services."""

import pathlib
import tempfile

import pytest
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.retry import Retry

from connecting import connect
from larder_server import Server, wait_until

NO_RETRIES = Retry(NoBackoff(), 0)


def test_a_reader_of_one_prefix(server, client):
    client.set("catalog:1", "shoe")
    client.set("orders:1", "secret")
    assert client.acl_setuser("reader", enabled=True, passwords=["+pw"], keys=["catalog:*"],
                              categories=["+@read", "+@connection"],
                              commands=["+acl|whoami"]) is True
    with connect(server, username="reader", password="pw") as reader:
        assert reader.get("catalog:1") == b"shoe"
        assert reader.mget("catalog:1", "catalog:2") == [b"shoe", None]
        assert reader.acl_whoami() == "reader"
        with pytest.raises(NoPermissionError):
            reader.set("catalog:1", "boot")
        with pytest.raises(NoPermissionError):
            reader.get("orders:1")
        with pytest.raises(NoPermissionError):
            reader.mget("catalog:1", "orders:1")
        with pytest.raises(NoPermissionError):
            reader.flushall()
    assert client.get("catalog:1") == b"shoe"
    denied = client.acl_log()
    assert {entry["username"] for entry in denied} == {"reader"}
    assert {entry["reason"] for entry in denied} == {"command", "key"}


def test_users_as_the_client_library_sees_them(client):
    client.acl_setuser("worker", enabled=True, nopass=True, keys=["jobs:*"], channels=["jobs:done"],
                       commands=["+get", "+set"], selectors=[("+publish", "&jobs:*")])
    user = client.acl_getuser("worker")
    assert "on" in user["flags"] and "nopass" in user["flags"]
    assert sorted(user["commands"]) == ["+get", "+set"]
    assert user["categories"] == ["-@all"]
    assert user["channels"] in ("&jobs:done", ["&jobs:done"])
    assert len(user["selectors"]) == 1
    assert sorted(client.acl_users()) == ["default", "worker"]
    assert len(client.acl_genpass()) == 64
    assert client.acl_dryrun("worker", "GET", "jobs:1") in (b"OK", "OK", True)
    assert client.acl_deluser("worker") == 1
    assert client.acl_getuser("worker") is None


def test_a_wrong_password_and_a_deleted_user(server, client):
    client.acl_setuser("app", enabled=True, passwords=["+right"], keys=["*"], categories=["+@all"])
    with connect(server, username="app", password="wrong", retry=NO_RETRIES) as app:
        with pytest.raises(AuthenticationError):
            app.ping()
    with connect(server, username="app", password="right", retry=NO_RETRIES) as app:
        assert app.ping() is True
        connections = lambda: [each for each in client.client_list() if each["user"] == "app"]
        assert len(connections()) == 1
        client.acl_deluser("app")
        wait_until(lambda: not connections(), "the deleted user's connection is closed")


def test_a_subscriber_loses_its_channel(server, client):
    client.acl_setuser("listener", enabled=True, nopass=True, channels=["news"],
                       categories=["+@pubsub", "+@connection"])
    with connect(server, username="listener", password="x") as listener:
        pubsub = listener.pubsub()
        pubsub.subscribe("news")
        assert pubsub.get_message(timeout=60)["type"] == "subscribe"
        client.publish("news", "one")
        assert pubsub.get_message(timeout=60)["data"] == b"one"
        client.acl_setuser("listener", reset_channels=True)
        wait_until(lambda: client.pubsub_numsub("news") == [(b"news", 0)],
                   "the subscriber is closed")


def test_users_of_a_file_survive_a_restart():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "users.acl")
        path.write_text("user default off\nuser admin on >pw ~* &* +@all\n")
        with Server("--aclfile", str(path)) as server:
            with connect(server, username="admin", password="pw") as admin:
                admin.acl_setuser("app", enabled=True, passwords=["+other"], keys=["a:*"],
                                  categories=["+@all"])
                assert admin.acl_save() is True
            server.stop()
            server.start_again()
            with connect(server, username="app", password="other") as app:
                assert app.set("a:1", "x") is True
                with pytest.raises(NoPermissionError):
                    app.set("b:1", "x")
