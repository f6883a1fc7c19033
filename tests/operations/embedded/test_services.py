"""The embedded services keep what was committed, keep to their folder and leave nothing running."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, text

from operations.embedded.locations import EmbeddedServicesError
from operations.embedded.processes import Process
from operations.embedded.services import Services, embedded_services
from tests.support.liveness import is_running
from tests.support.services import folder_in_reach

START_AND_SAY = """
import sys
from pathlib import Path
from operations.embedded.services import embedded_services
with embedded_services(Path(sys.argv[1]), for_tests=True) as services:
    print(*[process.child.pid for process in services.processes], flush=True)
    sys.stdin.read()
"""

SUPERVISE = """
import sys
from pathlib import Path
from operations.embedded.services import embedded_services
from operations.embedded.supervision import supervise
with embedded_services(Path(sys.argv[1]), for_tests=True) as services:
    pids = [process.child.pid for process in services.processes]
    def say():
        print(*pids, services.conninfo, services.redis_url, flush=True)
        return True
    sys.exit(supervise(services.processes, announce=say))
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data folder for test after test, because to make one costs most of a second."""
    with folder_in_reach() as folder:
        with embedded_services(folder / "data", for_tests=True):
            pass
        yield folder / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_reach() as folder:
        yield folder


def pid_of(process: Process) -> int:
    assert process.child is not None
    return process.child.pid


def write_something(services: Services) -> str:
    written = token_hex()
    with psycopg.connect(services.conninfo) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (written text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [written])
    with Redis.from_url(services.redis_url) as redis:
        redis.set("kept", written)
    return written


def assert_kept(services: Services, written: str) -> None:
    with psycopg.connect(services.conninfo) as connection:
        found = connection.execute("SELECT 1 FROM kept WHERE written = %s", [written])
        assert found.fetchone() == (1,)
    with Redis.from_url(services.redis_url) as redis:
        assert redis.get("kept") == written.encode()


def test_both_servers_answer_at_the_addresses_given(data: Path) -> None:
    with embedded_services(data, for_tests=True) as services:
        engine = create_engine(services.database_url)
        with engine.connect() as connection:
            version = connection.execute(text("SHOW server_version_num")).scalar_one()
            database = connection.execute(text("SELECT current_database()")).scalar_one()
        engine.dispose()
        with ConnectionPool(services.conninfo, min_size=1, open=True) as pool:
            with pool.connection() as pooled:
                assert pooled.execute("SHOW timezone").fetchone() == ("UTC",)
        with Redis.from_url(services.redis_url) as redis:
            assert redis.ping()
    assert int(version) >= 180000
    assert database == "dialwatt"


def test_nothing_is_left_running_afterwards(data: Path) -> None:
    with embedded_services(data, for_tests=True) as services:
        pids = [pid_of(process) for process in services.processes]
        assert all(is_running(pid) for pid in pids)
    assert not any(is_running(pid) for pid in pids)


def test_what_was_written_is_there_at_the_next_start(data: Path) -> None:
    with embedded_services(data) as services:
        written = write_something(services)
    with embedded_services(data) as services:
        assert_kept(services, written)


def test_servers_killed_outright_keep_what_was_written(data: Path) -> None:
    with embedded_services(data) as services:
        written = write_something(services)
        for process in services.processes:
            os.kill(pid_of(process), signal.SIGKILL)
    with embedded_services(data) as services:
        assert_kept(services, written)


def test_a_killed_server_can_be_started_again_in_place(data: Path) -> None:
    with embedded_services(data) as services:
        written = write_something(services)
        for process in services.processes:
            os.kill(pid_of(process), signal.SIGKILL)
            process.end_group()
            process.start()
        services.wait_until_ready()
        assert_kept(services, written)


def test_servers_left_over_by_a_killed_launcher_are_stopped_before_a_new_start(data: Path) -> None:
    with another_process(data) as launcher:
        left_over = pids_it_prints(launcher)
        launcher.kill()
        launcher.wait()
    with embedded_services(data, for_tests=True) as services:
        assert not any(is_running(pid) for pid in left_over)
        assert_kept(services, write_something(services))


def test_left_over_servers_without_a_death_signal_are_stopped_too(data: Path) -> None:
    with embedded_services(data, for_tests=True) as services:
        written = write_something(services)
        left_over = [process.child for process in services.processes]
        for process in services.processes:
            process.child = None  # as if the launcher had been killed: the servers are not stopped
    with embedded_services(data, for_tests=True) as services:
        assert [child.wait() for child in left_over if child] == [0, 0]
        assert_kept(services, written)


def test_a_second_start_on_the_same_folder_says_who_is_in_the_way(data: Path) -> None:
    with another_process(data) as first:
        pids = pids_it_prints(first)
        with pytest.raises(EmbeddedServicesError, match="in use by a Dialwatt that is running"):
            with embedded_services(data, for_tests=True):
                pass
        assert all(is_running(pid) for pid in pids)


@pytest.mark.slow
def test_two_set_ups_side_by_side_do_not_see_each_other(data: Path, folder: Path) -> None:
    with (
        embedded_services(data, for_tests=True) as first,
        embedded_services(folder / "another", for_tests=True) as two,
    ):
        write_something(first)
        with Redis.from_url(two.redis_url) as redis:
            assert redis.get("kept") is None
        with psycopg.connect(two.conninfo) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


def test_a_path_too_long_for_sockets_means_loopback_and_a_password(data: Path) -> None:
    with moved(data, "long" * 25) as too_long, embedded_services(too_long) as services:
        assert_kept(services, write_something(services))
        assert "@127.0.0.1:" in services.database_url
        assert services.redis_url.startswith("redis://owner:")
        password = services.redis_url.removeprefix("redis://owner:").partition("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(services.conninfo.replace(password, "guessed"))
        for process in services.processes:
            assert password not in " ".join(process.argv)


def test_a_folder_may_have_an_odd_name(data: Path) -> None:
    for name in ("Jua 100% & co", "Kibwezi, Kenya"):
        with moved(data, name) as oddly_named, embedded_services(oddly_named) as services:
            assert_kept(services, write_something(services))


@pytest.mark.slow
def test_an_interrupted_initdb_is_begun_again(folder: Path) -> None:
    half_built = folder / "postgres.new"
    half_built.mkdir()
    (half_built / "PG_VERSION").write_text("18\n")
    with embedded_services(folder, for_tests=True) as services:
        assert_kept(services, write_something(services))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL to another user")
@pytest.mark.slow
def test_root_can_use_a_folder_that_is_closed_to_everybody_else(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with embedded_services(closed / "data", for_tests=True) as services:
        assert_kept(services, write_something(services))
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_supervised_servers_come_back_when_killed_and_leave_on_ctrl_c(data: Path) -> None:
    with another_process(data, SUPERVISE) as up:
        assert up.stdout is not None
        *pids, conninfo, redis_url = up.stdout.readline().split()
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
        with ConnectionPool(conninfo, min_size=1, open=False) as pool:
            pool.open(wait=True, timeout=30)  # it tries until it can
        patient = Retry(ConstantBackoff(0.1), 300)
        with Redis.from_url(redis_url, retry=patient) as redis:
            assert redis.ping()
            valkey_pid = int(redis.info("server")["process_id"])
        up.send_signal(signal.SIGINT)
        assert up.wait() == 0
        assert not is_running(valkey_pid)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)


@contextmanager
def moved(data: Path, name: str) -> Iterator[Path]:
    """The same folder under another name for a while."""
    there = data.rename(data.with_name(name))
    try:
        yield there
    finally:
        there.rename(data)


def another_process(data: Path, program: str = START_AND_SAY) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program, str(data)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def pids_it_prints(launcher: "subprocess.Popen[str]") -> list[int]:
    assert launcher.stdout is not None
    return [int(pid) for pid in launcher.stdout.readline().split()]
