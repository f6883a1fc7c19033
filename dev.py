#!/usr/bin/env python3
"""From a clone to a running gateway or a test run, with nothing but Python: `python3 dev.py run`.

It builds `.venv` from requirements.lock (every file checked against its hash), installs this
project in it, and becomes the command asked for. The second start finds a stamp and skips all that.
Standard library only, as it runs before anything is installed. It never touches the system's Python
and never asks for root.
"""

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  whoever starts this may have an older one
    sys.exit(
        "dev.py: needs Python 3.11 or newer, this is %s (%s).\n"
        "Start it with a newer one, for example: python3.12 dev.py run"
        % (sys.version.split()[0], sys.executable)
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "dialwatt-stamp"
UV = "uv==0.13.9"

HELP = """usage: python3 dev.py COMMAND [ARGUMENTS]

  run             start everything on this machine (PORT, DIALWATT_DATA, DIALWATT_DEMO=0)
  test [ARGS]     the tests, on real PostgreSQL and Redis; ARGS go to pytest
  check           format, lint, types, import rules
  bench [ARGS]    the measurements of bench/
  torture         payments under kills, minutes long (TORTURE_SEED, TORTURE_SCALE=0.1, ...)
  lock            make requirements.lock again from pyproject.toml
  install         only build .venv

Afterwards any command of the product is at hand: .venv/bin/dialwatt doctor
"""

CHECKS = ("ruff format --check .", "ruff check .", "mypy", "lint-imports")

# `--universal`: one file for every supported Python and system. `--no-emit-index-url`,
# `--no-header` and `--no-annotate` keep machine and registry names out of it. Without `--upgrade`,
# versions already locked stay.
LOCK = (
    "uv pip compile --quiet --universal --python-version 3.11 --generate-hashes"
    " --no-header --no-annotate --no-emit-index-url"
    " --group dev pyproject.toml --output-file requirements.lock"
)


def main(command: str = "help", *arguments: str) -> None:
    os.chdir(ROOT)
    if command in ("help", "-h", "--help"):
        sys.exit(print(HELP, end=""))
    if command not in COMMANDS:
        sys.exit(f"dev.py: no command {command!r}\n\n{HELP}")
    install()
    COMMANDS[command](*arguments)


def run(*arguments: str) -> None:
    become("dialwatt", "up", *arguments)


def test(*arguments: str) -> None:
    become("python", "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments)


def check() -> None:
    sys.exit(1 if [line for line in CHECKS if call(line)] else 0)


def bench(*arguments: str) -> None:
    become("python", "-m", "bench", *arguments)


def torture(*arguments: str) -> None:
    become("python", "-m", "torture", *arguments)


def lock(*arguments: str) -> None:
    sys.exit(call(" ".join([LOCK, *map(shlex.quote, arguments)])))


def become(program: str, *arguments: str) -> None:
    """Turn into a program of the environment: signals and exit codes are then its own."""
    sys.stdout.flush()
    os.execv(VENV / "bin" / program, [str(VENV / "bin" / program), *arguments])


def call(line: str) -> int:
    """Run one command line of the environment, showing it; the exit code."""
    print(f"$ {line}", flush=True)
    program, *arguments = shlex.split(line)
    return subprocess.call([VENV / "bin" / program, *arguments])


def install() -> None:
    """Make .venv match the lock. The stamp comes last, so an interrupted run starts over."""
    digest = hashlib.sha256()
    for name in ("requirements.lock", "pyproject.toml", "dev.py"):
        digest.update((ROOT / name).read_bytes())
    stamp = f"{VENV}\n{digest.hexdigest()}\n"  # the path too: a moved folder has stale scripts
    found = STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""
    if found == stamp:
        return
    if not found.startswith(f"{VENV}\n"):
        create_environment()
    STAMP.unlink(missing_ok=True)
    print("dev.py: installing what requirements.lock names ...", flush=True)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call([*pip, UV]) or install_with(uv):
        print("dev.py: uv could not do it; trying pip (slower)", file=sys.stderr, flush=True)
        if install_with(pip):
            sys.exit(
                "dev.py: the installation failed, see above. Is a package registry within reach?"
            )
    STAMP.write_text(stamp)


def install_with(installer: list[str]) -> int:
    """The locked packages, then this project itself, editable and without any further download."""
    locked = subprocess.call([*installer, "--require-hashes", "-r", "requirements.lock"])
    return locked or subprocess.call([*installer, "--no-deps", "--no-build-isolation", "-e", "."])


def create_environment() -> None:
    print(f"dev.py: making {VENV} ...", flush=True)
    try:
        import venv

        venv.create(VENV, with_pip=True, clear=True, symlinks=True)
    except (ImportError, subprocess.CalledProcessError):
        sys.exit(
            "dev.py: Python cannot make a virtual environment with pip here.\n"
            "On Debian and Ubuntu the part is packaged apart: apt-get install python3-venv"
        )


COMMANDS = {"run": run, "test": test, "check": check, "bench": bench, "lock": lock}
COMMANDS["torture"] = torture
COMMANDS["install"] = lambda: None  # main() has just done it

if __name__ == "__main__":
    main(*sys.argv[1:])
