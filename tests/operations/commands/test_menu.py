"""`dialwatt menu`: the map, the page made from it, and where callers leave."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from gateway.ussd.drop_off import count_end, screens_key
from gateway.ussd_menus.product import product_menu
from operations import cli

PAGE = Path(__file__).parents[3] / "docs" / "menu.md"


@pytest.fixture
def menu(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(["menu", *words])
        return code, *capsys.readouterr()

    return run


def test_the_page_in_docs_is_up_to_date(menu: Callable[..., tuple[int, str, str]]) -> None:
    code, written, _ = menu("--markdown")
    assert code == 0
    assert written == PAGE.read_text(), (
        "write it: .venv/bin/dialwatt menu --markdown > docs/menu.md"
    )


def test_the_map_tells_every_screen_and_what_it_assumes(
    menu: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = menu()
    assert code == 0
    missing = [screen for screen in product_menu().screens if f"{screen} (" not in out]
    assert missing == ["home", "engine.resume"]
    assert "The shortest session of a network is 180 s" in out
    assert "s  register_on_plan: home.agent > " in out


def test_one_role_in_another_language(menu: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = menu("stranger", "--language", "sw")
    assert code == 0
    assert out.startswith('stranger: home.stranger (choice) "Karibu {operator}"')
    assert "home.agent" not in out


def test_it_is_drawn_and_read_by_machines(menu: Callable[..., tuple[int, str, str]]) -> None:
    assert menu("agent", "--mermaid")[1].startswith("flowchart LR\n    home_agent[")
    assert json.loads(menu("--json")[1])["roles"]["agent"] == "home.agent"


@pytest.mark.parametrize("words", [["nobody"], ["--language", "xx"]])
def test_what_there_is_not_is_told_with_what_there_is(
    menu: Callable[..., tuple[int, str, str]], words: list[str]
) -> None:
    code, out, err = menu(*words)
    assert (code, out) == (1, "")
    assert "there are" in err


def test_where_callers_leave_is_read_from_the_counts(
    menu: Callable[..., tuple[int, str, str]],
    redis: Redis,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert menu("--drop-off")[1] == "Nobody dialled in 7 days.\n"

    today = datetime.now(UTC).date()
    redis.hset(
        screens_key(today), mapping={"payment.amount shown": 8, "payment.amount answered": 2}
    )
    count_end(redis, "one", "payment.amount", "Incomplete", today)
    lines = menu("--drop-off")[1].split("\n")
    assert lines[1].split() == ["payment.amount", "8", "2", "6", "75%", "Incomplete", "1"]
    assert json.loads(menu("--drop-off", "--json")[1])[0]["left"] == 6

    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    code, _, err = menu("--drop-off")
    assert code == 1
    assert "cannot read the counts" in err


@pytest.mark.slow
def test_who_has_seen_enough_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "operations.cli", "menu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)
