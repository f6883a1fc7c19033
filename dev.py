#!/usr/bin/env python3
"""From a clone to a running gateway or a test run, with nothing but Python: `python3 dev.py run`.

It builds `.venv` from the locks (every file checked against its hash), installs this project in it,
and becomes the command asked for. The second start finds a stamp and skips all that.
Standard library only, as it runs before anything is installed. It never touches the system's Python
and never asks for root, also where Python comes without ensurepip, as on Debian and Ubuntu.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  an older one may start this
    sys.exit(
        "dev.py: needs Python 3.11 or newer, this is %s (%s).\n"
        "Start it with a newer one, for example: python3.12 dev.py run"
        % (sys.version.split()[0], sys.executable)
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "dialwatt-stamp"
DRIVER_STAMP = VENV / "dialwatt-browser-stamp"
# What a deployment needs; what runs PostgreSQL and Redis on one machine; what developers need.
RUN_LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"
INSTALLED_LOCKS = (RUN_LOCK, "requirements-embedded.lock", DEV_LOCK)

HELP = """usage: python3 dev.py COMMAND [ARGUMENTS]

  run             start everything on this machine (PORT, DIALWATT_DATA, DIALWATT_DEMO=0)
  test [ARGS]     the tests, on real PostgreSQL and Redis; ARGS go to pytest
  test-quick      rules and use cases only, in less than 45 s; ARGS go to pytest
  trials          the long trials: whole deployments under kills, stops and restarts
  check           format, lint, types, import rules, words
  words           the words of docs/words.toml where they stand, and what to use instead
  browser [ARGS]  the console and the phone page in a real Chromium (CHROMIUM: where it is)
  pictures        the pictures of docs/pictures, taken again in the same browser
  bench [ARGS]    the measurements of bench/
  torture         payments under kills, minutes long (TORTURE_SEED, TORTURE_SCALE=0.1, ...)
  attack [ARGS]   attacks on the running product from outside (ATTACK_SCALE=0.1); ARGS go to pytest
  stateful        payments, prompts and owners in any order, 10 000 steps (STATEFUL_STEPS)
  walk [N] [SEED] N walks of random callers through the whole menu, minutes long (1000)
  lock            make requirements*.lock and browser.lock again from pyproject.toml
  sbom            make deploy/sbom.json and deploy/NOTICES.txt again from requirements.lock
  audit           look every locked package up among known vulnerabilities (SAVE=1: keep them)
  install         only build .venv
  install-run     build .venv for a deployment: what requirements.lock names, and nothing else

Afterwards any command of the product is at hand: .venv/bin/dialwatt doctor
"""

PYTEST = ("python", "-m", "pytest", "-n", "3", "--dist", "worksteal")
NOT_SLOW = ("-m", "not slow")
# The folders of tests/ that start no web process, no worker and no command: rules and use cases.
NOT_QUICK = {
    *("gateway", "journeys", "migrations", "operations", "simulator", "support"),
    *("torture", "workers"),
}

CHECKS = (
    "ruff format --check .",
    "ruff check .",
    "mypy",
    "lint-imports",
    "python -m tests.docs.words",
)

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = (
    "dev.py: no Chromium here, so nothing was tried in a browser. Install one (on Debian:"
    " apt-get install chromium), or say in CHROMIUM where it is."
)
NO_DRIVER = "dev.py: what browser.lock names could not be had: nothing was tried in a browser."

# `--universal`: one file for every supported Python and system. `--no-emit-index-url`,
# `--no-header` and `--no-annotate` keep machine and registry names out of it. Without `--upgrade`,
# versions already locked stay.
COMPILE = (
    "uv pip compile --quiet --universal --python-version 3.11 --generate-hashes"
    " --no-header --no-annotate --no-emit-index-url"
)
LOCKS = (
    f"{COMPILE} pyproject.toml --output-file {RUN_LOCK}",
    *(
        f"{COMPILE} --group {group} --constraints {RUN_LOCK} --output-file {lock}"
        for group, lock in (
            ("embedded", "requirements-embedded.lock"),
            ("dev", DEV_LOCK),
            ("browser", "browser.lock"),
        )
    ),
)

# Take pip out of its Debian package for `$1`, a Python without pip. apt-get knows the machine's
# package sources; with lists and a cache of its own it needs no root and changes nothing.
DEBIAN_PIP = """
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p state/lists/partial cache/archives/partial
apt() {
  apt-get -qq -o Dir::State="$folder/state" -o Dir::Cache="$folder/cache" \
    -o Acquire::Languages=none "$@"
}
apt update 2>update.log || true
apt download python3-pip-whl || { head -n 1 update.log >&2; exit 1; }
dpkg-deb -x python3-pip-whl_*.deb .
wheel=$(echo "$folder"/usr/share/python-wheels/pip-*.whl)
PYTHONPATH=$wheel "$1" -m pip install --quiet --no-index "$wheel"
"""

SBOM = (
    "uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py environment"
    " --output-reproducible --output-format JSON"
)
NOTICES = (
    "uv tool run --quiet --from pip-licenses==5.5.5 pip-licenses --format plain-vertical"
    " --with-license-file --no-license-path --ignore-packages pip setuptools"
)


def main(command: str = "help", *arguments: str) -> None:
    os.chdir(ROOT)
    if command in ("help", "-h", "--help"):
        sys.exit(print(HELP, end=""))
    if command not in COMMANDS:
        sys.exit(f"dev.py: no command {command!r}\n\n{HELP}")
    keep_compiled_code()
    if command != "install-run":
        install()
    COMMANDS[command](*arguments)


def keep_compiled_code() -> None:
    """Let Python keep what it compiles, inside .venv: no other folder fills up, and no process
    compiles everything again, also where PYTHONDONTWRITEBYTECODE is set."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "pycache"))


def run(*arguments: str) -> None:
    become("dialwatt", "up", *arguments)


def test(*arguments: str) -> None:
    """All but the tests marked slow, unless the arguments name files: then all that is in them."""
    named = [word for word in arguments if (ROOT / word.partition("::")[0]).exists()]
    become(*PYTEST, *(() if named else NOT_SLOW), *arguments)


def test_quick(*arguments: str) -> None:
    folders = (folder.name for folder in (ROOT / "tests").iterdir() if folder.is_dir())
    quick = [
        f"tests/{name}" for name in sorted(folders) if name[0] not in "_." and name not in NOT_QUICK
    ]
    become(*PYTEST, *NOT_SLOW, *quick, *arguments)


def trials(*arguments: str) -> None:
    become(*PYTEST, "-m", "slow", *arguments)


def check() -> None:
    sys.exit(1 if [line for line in CHECKS if call(line)] else 0)


def words() -> None:
    become("python", "-m", "tests.docs.words")


def browser(*arguments: str) -> None:
    drive("pytest", "-o", "testpaths=browser", *arguments)


def pictures() -> None:
    drive("browser.pictures")


def drive(*module: str) -> None:
    """Become a module that drives Chromium. Where it or its driver is missing, print that and exit
    with 0: most changes need neither."""
    named = os.environ.get("CHROMIUM")
    places = [named] if named else filter(None, map(shutil.which, CHROMIUMS))
    found = next(filter(is_browser, places), None)
    if found is None:
        sys.exit(print(NO_CHROMIUM))
    if not install_driver():
        sys.exit(print(NO_DRIVER))
    os.environ["CHROMIUM"] = found
    become("python", "-m", *module)


def bench(*arguments: str) -> None:
    become("python", "-m", "bench", *arguments)


def torture(*arguments: str) -> None:
    become("python", "-m", "torture", *arguments)


def attack(*arguments: str) -> None:
    """Play the attacks one after the other: some of them stop a service for a while."""
    code = call(
        shlex.join(["python", "-m", "pytest", "-n", "0", "-o", "testpaths=attack", *arguments])
    )
    print("passed: every attack held" if code == 0 else "fell short: see the failures above")
    sys.exit(code)


def stateful() -> None:
    """Sequences of steps that Hypothesis chooses, new ones each time; checks after each."""
    steps = os.environ.setdefault("STATEFUL_STEPS", "10000")
    os.environ.pop("CI", None)  # there, examples are the same each time
    code = call("python -m pytest -q -n 0 tests/payments/test_stateful_hands.py -k many")
    print(f"passed: {steps} steps, no invariant broken" if code == 0 else "failed: see above")
    sys.exit(code)


def walk(walks: str = "1000", seed: str = "") -> None:
    """Without a seed, a new one each time. The printed command repeats the same walks."""
    seed = seed or str(int.from_bytes(os.urandom(3), "big"))
    print(f"{walks} walks; the same again: python3 dev.py walk {walks} {seed}", flush=True)
    os.environ["WALKS"] = walks
    os.environ.pop("CI", None)  # there, examples are the same whatever the seed
    far = ("tests/gateway/ussd_menus/test_product_walk.py", "-k", "far", "-n", "0", "-s")
    become("python", "-m", "pytest", *far, f"--hypothesis-seed={seed}")


def lock(*arguments: str) -> None:
    options = " ".join(["", *map(shlex.quote, arguments)])
    sys.exit(max([call(line + options) for line in LOCKS]))


def sbom() -> None:
    """What is in a deployment (CycloneDX), and under which licences."""
    alone = VENV / "run"
    python = shlex.quote(str(alone / "bin" / "python"))
    code = (
        call(f"uv venv --quiet --clear {shlex.quote(str(alone))}")
        or call(f"uv pip install --quiet --python {python} --require-hashes -r {RUN_LOCK}")
        or call(f"{SBOM} --output-file deploy/sbom.json {python}")
        or call(f"{NOTICES} --python {python} --output-file deploy/NOTICES.txt")
    )
    if code:
        sys.exit(code)
    made = json.loads((ROOT / "deploy" / "sbom.json").read_text())
    kept = ("bom-ref", "type", "name", "version", "purl", "licenses")
    parts = [{key: part[key] for key in kept if key in part} for part in made["components"]]
    bare = {key: made[key] for key in ("bomFormat", "specVersion", "version", "dependencies")}
    text = json.dumps(bare | {"components": parts}, indent=1)
    (ROOT / "deploy" / "sbom.json").write_text(text + "\n")


def audit() -> None:
    become("python", "-m", "supply.audit")


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
    for name in (*INSTALLED_LOCKS, "pyproject.toml", "dev.py"):
        digest.update((ROOT / name).read_bytes())
    stamp = f"{VENV}\n{digest.hexdigest()}\n"  # the path too: a moved folder has stale scripts
    found = STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""
    if found == stamp:
        return
    if not found.startswith(f"{VENV}\n"):
        create_environment()
    STAMP.unlink(missing_ok=True)
    print("dev.py: installing what the locks name ...", flush=True)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv_first = [*pip, "--require-hashes", "-r", str(locked_alone("uv"))]
    if subprocess.call(uv_first) or install_with(uv):
        print("dev.py: uv could not do it; trying pip (slower)", file=sys.stderr, flush=True)
        if install_with(pip):
            sys.exit(
                "dev.py: the installation failed, see above. Is a package registry within reach?"
            )
    STAMP.write_text(stamp)


def is_browser(program: str) -> bool:
    """Some systems have a program of that name which only tells where to get the browser."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout


def install_driver() -> bool:
    """What drives the browser, as browser.lock has it: it is large, and nothing else needs it."""
    lock = ROOT / "browser.lock"
    if DRIVER_STAMP.exists() and DRIVER_STAMP.read_bytes() == lock.read_bytes():
        return True
    print(f"dev.py: installing what {lock.name} names ...", flush=True)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    if subprocess.call([*uv, "--require-hashes", "-r", str(lock)]):
        return False
    DRIVER_STAMP.write_bytes(lock.read_bytes())
    return True


def install_run() -> None:
    """The packages of a deployment and the product. What builds the product leaves again."""
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    create_environment()
    steps = (
        [*pip, "--require-hashes", "-r", RUN_LOCK],
        [*pip, "--require-hashes", "-r", str(locked_alone("setuptools"))],
        [*pip, "--no-deps", "--no-build-isolation", "-e", "."],
        [str(PYTHON), "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"],
    )
    for step in steps:
        if subprocess.call(step):
            sys.exit("dev.py: the installation failed, see above.")


def locked_alone(package: str) -> Path:
    """A file with the lines of one package of the developers' lock, with its hashes."""
    lines = (ROOT / DEV_LOCK).read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    hashes = takewhile(lambda line: line.startswith(" "), lines[start + 1 :])
    alone = VENV / f"{package}.lock"
    alone.write_text("\n".join([lines[start], *hashes]) + "\n")
    return alone


def install_with(installer: list[str]) -> int:
    """The locked packages, then this project itself, editable and without any further download."""
    files = [word for lock in INSTALLED_LOCKS for word in ("-r", lock)]
    locked = subprocess.call([*installer, "--require-hashes", *files])
    return locked or subprocess.call([*installer, "--no-deps", "--no-build-isolation", "-e", "."])


def create_environment() -> None:
    """Make .venv with pip in it, in the first way that works on this machine."""
    print(f"dev.py: making {VENV} ...", flush=True)
    reason = "it has neither ensurepip nor pip"
    for way, commands in ways_to_environment():
        if way:
            print(f"dev.py: this Python has no ensurepip; trying {way} ...", flush=True)
        failures = (failure_of(command) for command in commands)
        failure = next(filter(None, failures), "")
        if not failure:
            return
        reason = failure
    sys.exit(f"dev.py: cannot make {VENV} with this Python ({reason}). {what_to_type()}")


def ways_to_environment() -> Iterator[tuple[str, list[list[str]]]]:
    """Each way by its name and command lines, the usual one first. None needs root, none installs
    anything outside .venv, and each takes pip from where this machine's settings point."""
    environment, python = str(VENV), str(PYTHON)
    with_pip = [sys.executable, "-m", "venv", "--clear", environment]
    without_pip = [*with_pip[:-1], "--without-pip", environment]
    if find_spec("ensurepip"):
        yield "", [with_pip]
    for program in filter(None, [shutil.which("uv")]):
        yield program, [[program, "venv", "--seed", "--python", sys.executable, environment]]
    for program in filter(None, [shutil.which("virtualenv")]):
        yield program, [[program, "--clear", "--python", sys.executable, environment]]
    for pip in pips():
        install_pip = [*pip, "--python", python, "install", "--quiet", "pip"]
        yield " ".join(pip), [without_pip, install_pip]
    if shutil.which("apt-get"):
        unpack_pip = ["sh", "-c", DEBIAN_PIP, "sh", python]
        yield "pip from the Debian package python3-pip-whl", [without_pip, unpack_pip]


def pips() -> Iterator[list[str]]:
    """The pips of this machine, which can install into another environment."""
    if find_spec("pip"):
        yield [sys.executable, "-m", "pip"]
    for program in filter(None, map(shutil.which, ("pip3", "pip"))):
        yield [program]


def failure_of(command: list[str]) -> str:
    """Run a command without showing its output; "" or the last thing it said, if it failed."""
    environment = {**os.environ, "UV_VENV_CLEAR": "1"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
    return lines[-1][:200] if done.returncode else ""


def what_to_type() -> str:
    if shutil.which("apt-get"):
        package = f"python3.{sys.version_info.minor}-venv"
        return f"As root type: apt-get update && apt-get install {package}"
    return "First install uv, or pip for this Python, with this system's package manager."


COMMANDS = {"run": run, "test": test, "check": check, "bench": bench, "lock": lock}
COMMANDS |= {"words": words, "test-quick": test_quick, "trials": trials}
COMMANDS |= {"torture": torture, "audit": audit, "walk": walk, "stateful": stateful}
COMMANDS |= {"sbom": sbom, "attack": attack, "browser": browser, "pictures": pictures}
COMMANDS |= {"install-run": install_run, "install": lambda: None}  # main() has just installed

if __name__ == "__main__":
    main(*sys.argv[1:])
