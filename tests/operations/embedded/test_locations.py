"""Ports, sockets and private files of the embedded servers."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from core.errors import BadInput
from operations.embedded.locations import free_port, reserved_port, write_private


@pytest.mark.parametrize("taken", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("shared", [False, True])
def test_a_port_in_use_is_refused_with_its_number_also_where_it_would_be_shared(
    taken: str, shared: bool
) -> None:
    with socket.create_server((taken, 0), reuse_port=shared) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "0.0.0.0"):
            refuse(host, port)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_port_in_use_is_refused_for_ipv6_too() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6, reuse_port=True) as server:
        port = server.getsockname()[1]
        for host in ("::1", "::"):
            refuse(host, port)


def test_a_port_is_kept_from_before_anything_listens_on_it() -> None:
    port = free_port()
    with reserved_port("127.0.0.1", port):
        refuse("0.0.0.0", port)
        with reserved_port("127.0.0.1", free_port()):
            pass
    with reserved_port("0.0.0.0", port):
        pass


def refuse(host: str, port: int) -> None:
    claim = reserved_port(host, port)
    with pytest.raises(BadInput, match=f"port {port} .*set PORT to another port"):
        claim.__enter__()


def test_a_private_file_is_closed_to_others_also_when_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "settings"
    path.write_text("open to all")
    path.chmod(0o644)

    write_private(path, "secret")

    assert path.read_text() == "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["settings"]
