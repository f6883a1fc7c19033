"""`dialwatt secrets`: what a new deployment needs, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from core.environment import read_setting
from core.tokens.keys import KeyRing
from core.tokens.sealing_key import SealingKey
from operations import cli
from operations.commands.secrets import OF_PROVIDERS, make_secrets


def test_they_are_made_once_and_only_their_owner_gets_at_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "deploy" / "secrets"
    assert cli.main(["secrets", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert all(f"missing {name}: " in printed for name in OF_PROVIDERS)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(before.values())

    (folder / "at_api_key").write_text("from the provider")
    assert cli.main(["secrets", str(folder)]) == 0
    assert "missing at_api_key" not in capsys.readouterr().out
    assert {name: (folder / name).read_text() for name in before} == before


def test_what_belongs_together_fits(tmp_path: Path) -> None:
    make_secrets(tmp_path / "s", "db.example:5433/jua", "redis.example:6380")

    def read(name: str) -> str:
        return read_setting({f"{name.upper()}_FILE": str(tmp_path / "s" / name)}, name.upper())

    for role, user in {"owner": "jua", "web": "jua_web", "worker": "jua_worker"}.items():
        url = make_url(read(f"{role}_database_url"))
        assert (url.username, url.host, url.port) == (user, "db.example", 5433)
        assert (url.database, url.password) == ("jua", read(f"database_{role}_password"))
        redis_url = f"redis://{role}:{read(f'redis_{role}_password')}@redis.example:6380/0"
        assert read(f"{role}_redis_url") == redis_url
    ring = KeyRing.from_settings(read("device_key_secret"))
    assert ring.opens(SealingKey.from_settings(read("device_key_public")))
