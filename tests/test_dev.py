"""The bootstrap: an environment on any machine, and no fault without a browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import dev


def test_without_a_browser_it_says_what_to_install_and_is_content(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("dev.shutil.which", lambda name: None)

    with pytest.raises(SystemExit) as left:
        dev.browser()

    assert not left.value.code
    assert "apt-get install chromium" in capsys.readouterr().out


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """A machine whose Python has neither ensurepip nor pip, and on whose PATH nothing stands."""
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(dev, "find_spec", lambda name: None)
    (tmp_path / "bin").mkdir()
    for program in ("sh", "mkdir", "mktemp", "rm", "touch", "head"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or program)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Machine(tmp_path)


@dataclass(frozen=True)
class Machine:
    """`programs` write down how they were called."""

    folder: Path

    def add(self, name: str, script: str = "") -> str:
        """A program on the PATH, as a shell script; its path."""
        program = self.folder / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.folder}/calls"\n{script}\n')
        program.chmod(0o755)
        return str(program)

    @property
    def calls(self) -> list[str]:
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    @property
    def has_environment(self) -> bool:
        return dev.PYTHON.exists()


MAKE_ENVIRONMENT = 'for last; do :; done; mkdir -p "$last/bin"; touch "$last/bin/python"'


def test_a_python_with_ensurepip_makes_the_environment_itself(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "find_spec", lambda name: name == "ensurepip")
    commands: list[Any] = []

    def failure_of(command: Any) -> str:
        commands.append(command)
        return ""

    monkeypatch.setattr(dev, "failure_of", failure_of)

    dev.create_environment()

    assert commands == [[sys.executable, "-m", "venv", "--clear", str(dev.VENV)]]


@pytest.mark.parametrize("tool", ["uv", "virtualenv"])
def test_without_ensurepip_a_tool_on_the_path_makes_the_environment(
    machine: Machine, tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program = machine.add(tool, MAKE_ENVIRONMENT)

    dev.create_environment()

    [call] = machine.calls
    assert f"--python {sys.executable}" in call
    assert call.endswith(str(dev.VENV))
    assert machine.has_environment
    assert program in capsys.readouterr().out


@pytest.mark.parametrize("name", ["pip3", "pip"])
def test_without_ensurepip_a_pip_on_the_path_puts_pip_into_the_environment(
    machine: Machine, name: str
) -> None:
    machine.add(name)

    dev.create_environment()

    [call] = machine.calls
    assert call.startswith(f"{name} --python {dev.PYTHON} install")
    assert call.endswith(" pip")
    assert machine.has_environment


def test_the_pip_of_this_python_is_used_where_it_has_no_ensurepip(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "find_spec", lambda name: name == "pip")
    commands: list[Any] = []

    def failure_of(command: Any) -> str:
        commands.append(command)
        return ""

    monkeypatch.setattr(dev, "failure_of", failure_of)

    dev.create_environment()

    assert commands[0] == [*commands[0][:-1], str(dev.VENV)]
    assert "--without-pip" in commands[0]
    assert commands[1][:5] == [sys.executable, "-m", "pip", "--python", str(dev.PYTHON)]


APT_GET = """
case "$*" in *download*) touch python3-pip-whl_1_all.deb;; esac
"""
DPKG_DEB = """
mkdir -p usr/share/python-wheels/pip-1-py3-none-any.whl/pip
echo 'print("pip")' > usr/share/python-wheels/pip-1-py3-none-any.whl/pip/__main__.py
"""


def test_on_debian_pip_comes_out_of_its_package_and_nothing_is_installed_on_the_machine(
    machine: Machine,
) -> None:
    machine.add("apt-get", APT_GET)
    machine.add("dpkg-deb", DPKG_DEB)

    dev.create_environment()

    update, download, unpack = machine.calls
    assert update.endswith(" update")
    assert download.endswith(" download python3-pip-whl")
    assert "Dir::State=" in update
    assert "Dir::State=" in download
    assert unpack.startswith("dpkg-deb -x python3-pip-whl_1_all.deb")
    assert not [call for call in machine.calls if " install" in call]
    assert machine.has_environment


def test_a_way_that_fails_is_followed_by_the_next(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add("uv", "echo 'no such command' >&2; exit 2")
    machine.add("pip3", "echo 'broken' >&2; exit 1")
    machine.add("virtualenv", MAKE_ENVIRONMENT)

    dev.create_environment()

    assert [call.split()[0] for call in machine.calls] == ["uv", "virtualenv"]
    assert machine.has_environment


@pytest.mark.parametrize(
    ("programs", "advice"),
    [
        ([], "install uv"),
        (["uv"], "install uv"),
        (["apt-get"], f"apt-get install python3.{sys.version_info.minor}-venv"),
    ],
)
def test_where_no_way_works_one_line_says_what_to_type(
    machine: Machine, programs: list[str], advice: str
) -> None:
    for program in programs:
        machine.add(program, "echo 'the network is away' >&2; exit 1")

    with pytest.raises(SystemExit) as stopped:
        dev.create_environment()

    [line] = str(stopped.value).splitlines()
    assert line.startswith("dev.py: ")
    assert advice in line
    assert ("the network is away" in line) == bool(programs)


def test_compiled_code_is_kept_in_the_environment(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)

    dev.keep_compiled_code()

    code = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", str(dev.VENV / "pycache")]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The command lines that dev.py would become."""
    lines = []
    monkeypatch.setattr(dev, "become", lambda *line: lines.append(list(line)))
    return lines


def test_the_tests_leave_long_trials_to_their_own_target(started: list[Any]) -> None:
    dev.test("-k", "payment")
    dev.trials()

    [tests, trials] = started
    assert tests[-4:] == ["-m", "not slow", "-k", "payment"]
    assert trials[-2:] == ["-m", "slow"]


@pytest.mark.parametrize("named", ["tests/test_dev.py", "tests/test_dev.py::test_x", "tests"])
def test_a_test_that_is_named_runs_even_if_it_is_slow(started: list[Any], named: str) -> None:
    dev.test(named, "-x")

    [line] = started
    assert line[-2:] == [named, "-x"]
    assert "not slow" not in line


def test_the_quick_tests_are_those_of_rules_and_use_cases(started: list[Any]) -> None:
    dev.test_quick()

    [line] = started
    assert {"tests/core", "tests/payments"} <= set(line)
    assert not {"tests/gateway", "tests/operations", "tests/__pycache__"} & set(line)
    assert "not slow" in line


def test_no_folder_that_is_not_quick_was_renamed() -> None:
    assert [name for name in dev.NOT_QUICK if not (dev.ROOT / "tests" / name).is_dir()] == []


def test_ci_runs_the_trials_and_ends_with_the_tests() -> None:
    lines = (dev.ROOT / ".ci" / "run").read_text().split()
    targets = [word for before, word in pairwise(lines) if before == "run"]

    assert {"check", "browser", "trials"} <= set(targets)
    assert targets[-1] == "test"
    assert "audit" in lines
