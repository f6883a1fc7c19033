"""The fixtures give every test a clean, migrated database and an empty Redis, in any order."""

from types import SimpleNamespace

import pytest
from redis import Redis
from sqlalchemy import Connection, create_engine, text

from tests.support.services import memory_folder

TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
TRACES = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'trace'"


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_connection_is_migrated_and_keeps_no_trace(connection: Connection, turn: str) -> None:
    assert connection.execute(text(TABLES)).scalar_one() > 1
    assert connection.execute(text(TRACES)).scalar_one() == 0
    connection.execute(text("CREATE TABLE trace ()"))


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_database_of_its_own_forgets_even_what_was_committed(
    database_url: str, turn: str
) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert connection.execute(text(TABLES)).scalar_one() > 1
        assert connection.execute(text(TRACES)).scalar_one() == 0
        connection.execute(text("CREATE TABLE trace ()"))
    engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_redis_is_empty(redis: Redis, turn: str) -> None:
    assert redis.dbsize() == 0
    redis.set("trace", turn)


def test_where_memory_has_little_room_the_servers_live_on_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = SimpleNamespace(total=64 << 20, used=0, free=64 << 20)
    monkeypatch.setattr("tests.support.services.shutil.disk_usage", lambda folder: usage)

    assert memory_folder() is None
