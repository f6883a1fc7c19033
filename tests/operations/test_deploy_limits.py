"""What the processes of a deployment may not do, and how much they may use."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.db.engine import make_engine
from gateway.app import create_app
from gateway.serving.sizes import QUICK_READS
from tests.operations.conftest import SETTINGS
from tests.operations.test_deploy import DEPLOY, ROOT, UNITS, compose, lines_of

# What is different from unit to unit, by need.
_OWN = {"MemoryMax", "TasksMax", "LimitNOFILE", "IPAddressDeny", "IPAddressAllow"}
_SPARE_CONNECTIONS = 20


def sandbox_of(path: Path) -> dict[str, list[str]]:
    """The settings between the first limit and the end of the service."""
    found: dict[str, list[str]] = {}
    _, _, rest = path.read_text().partition("\nMemoryMax=")
    for name, value in re.findall(r"^(\w+)=(.*)$", rest.partition("\n[")[0], re.MULTILINE):
        found.setdefault(name, []).append(value)
    return {name: values for name, values in found.items() if name not in _OWN}


def test_every_unit_is_confined_in_the_same_way() -> None:
    sandboxes = {path.name: sandbox_of(path) for path in UNITS}

    assert len(sandboxes["dialwatt-web.service"]) > 20
    assert [
        name for name in sandboxes if sandboxes[name] != sandboxes["dialwatt-web.service"]
    ] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_has_limits(path: Path) -> None:
    names = {name for name, _ in lines_of(path)}

    assert {"MemoryMax", "TasksMax", "LimitNOFILE", "IPAddressDeny"} <= names


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_calls_a_unit_hardly_exposed(path: Path) -> None:
    """Up to 2.0 of 10; a unit without any hardening has 9.6."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here")
    options = ("security", "--offline=true", "--threshold=20", "--no-pager")
    ran = subprocess.run([program, *options, str(path)], capture_output=True, text=True)
    if "unrecognized option" in ran.stderr:
        pytest.skip("this systemd-analyze is older than 250")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_calls_no_provider_reaches_no_other_host() -> None:
    systemd = DEPLOY / "systemd"
    payments = systemd / "dialwatt-worker@payments.service.d" / "network.conf"
    units = [path for path in UNITS if path.name != "dialwatt-worker@.service"]
    for path in (*units, payments):
        text = path.read_text()
        assert "\nIPAddressDeny=any\nIPAddressAllow=localhost\n" in text, path.name
    inside = {name for name, network in compose()["networks"].items() if network}
    calling = {"web", *(f"worker-{name}" for name in ("prompts", "reconciliation", "sms", "vends"))}
    for name, service in compose()["services"].items():
        assert (set(service["networks"]) <= inside) == (name not in calling), name


def test_every_container_is_confined_and_bounded() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] not in ("root", "0", "0:0"), name
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service), name
        assert {"max-size", "max-file"} == set(service["logging"]["options"]), name


def test_images_can_be_named_by_digest_in_one_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "Containerfile").read_text()
    named = set(re.findall(r"\$\{(\w+_IMAGE)", text))

    deploying = (ROOT / "docs" / "deploying.md").read_text()
    assert named == set(re.findall(r"pin (\w+_IMAGE) ", deploying))
    for name, image in re.findall(r"pin (\w+_IMAGE) ([\w.:-]+)", deploying):
        assert f"{{{name}:-{image}}}" in text


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many connections each pool of a web process may open, and its event loop."""
    sizes: list[int] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        sizes.append(options["pool_size"])
        return make_engine(*arguments, **options)

    monkeypatch.setattr("gateway.app.make_engine", counted)
    console = {"CONSOLE_SECRET": "a secret of the console in these tests"}
    nowhere = {"DATABASE_URL": "postgresql+psycopg://a@127.0.0.1:1/a", "REDIS_URL": "redis://h:1/0"}
    create_app(SETTINGS | console | nowhere).close()
    return [*sizes, QUICK_READS]


def test_postgresql_takes_what_all_processes_may_open_at_once(pools: list[int]) -> None:
    services = compose()["services"]
    of_one = inspect.signature(make_engine).parameters["pool_size"].default
    workers = sum(
        service.get("deploy", {}).get("replicas", 1)
        for name, service in services.items()
        if name.startswith("worker-")
    )
    example = (ROOT / ".env.example").read_text()
    [processes] = re.findall(r"^# WEB_WORKERS=(\d+)", example, re.MULTILINE)
    web = int(processes) * sum(pools)
    total = web + workers * of_one + of_one
    [limit] = re.findall(r"max_connections=(\d+)", str(services["postgres"]["command"]))
    assert total + _SPARE_CONNECTIONS <= int(limit)

    growing = (ROOT / "docs" / "growing.md").read_text()
    counted = f"{processes} x {sum(pools)} + {workers} x {of_one} + {of_one} = {total}"
    assert counted in growing
    assert f"`max_connections={limit}`" in growing
