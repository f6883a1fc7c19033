"""`dialwatt secrets FOLDER`: the secrets of a new deployment, one file each.

The compose file and the systemd units of deploy/ read these files. None that is there is changed,
except the users of Redis, whose rights belong to the release.
"""

from __future__ import annotations

import base64
import secrets as randomness
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import click

from core.db.rights import ROLES
from core.tokens.keys import KeyRing
from gateway.redis_users import REDIS_USERS, acl_file

# What only its provider can give.
OF_PROVIDERS = ("at_api_key", "daraja_consumer_key", "daraja_consumer_secret", "daraja_passkey")
REDIS_ACL = "redis_users.acl"


def _word() -> str:
    return randomness.token_hex(24)


_MADE_UP: dict[str, Callable[[], str]] = {
    "postgres_password": _word,
    **{f"database_{role}_password": _word for role in ("owner", *ROLES)},
    **{f"redis_{user}_password": _word for user in REDIS_USERS},
    "ussd_africastalking_endpoint_key": _word,
    "sms_africastalking_endpoint_key": _word,
    "daraja_endpoint_key": _word,
    "pin_pepper": _word,
    "console_secret": _word,
    "proof_secret": _word,
    "device_key_secret": lambda: base64.b64encode(randomness.token_bytes(32)).decode(),
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--postgres", default="postgres:5432/dialwatt", help="HOST:PORT/DATABASE")
@click.option("--redis", default="redis:6379", help="HOST:PORT")
def secrets(folder: Path, postgres: str, redis: str) -> None:
    """Make the secrets of a deployment.

    Each is a file in FOLDER, which only its owner can enter. A file that is there stays as it is,
    so the command can be run again: after an update it writes the rights of the users of Redis
    again. Keep a copy of device_key_secret elsewhere: without it every device key is lost.
    """
    made = make_secrets(folder, postgres, redis)
    print("\n".join(f"made    {name}" for name in made))
    for name in OF_PROVIDERS:
        if not (folder / name).exists():
            print(f"missing {name}: write what your provider gave you into this file")


def make_secrets(folder: Path, postgres: str, redis: str) -> list[str]:
    """Write the files that are missing and return their names; `postgres` and `redis` say where
    the servers are."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    before = {path.name for path in folder.iterdir()}
    for name, make in _MADE_UP.items():
        _write_new(folder / name, make())
    word = {name: (folder / name).read_text().strip() for name in _MADE_UP}
    database = quote(postgres.rpartition("/")[2], safe="")
    for role in ("owner", *ROLES):
        user = database if role == "owner" else f"{database}_{role}"
        at = f"{user}:{word[f'database_{role}_password']}@{postgres}"
        _write_new(folder / f"{role}_database_url", f"postgresql+psycopg://{at}")
        at = f"{role}:{word[f'redis_{role}_password']}@{redis}"
        _write_new(folder / f"{role}_redis_url", f"redis://{at}/0")
    ring = KeyRing.from_settings(word["device_key_secret"])
    _write_new(folder / "device_key_public", str(ring.sealing_key()))
    (folder / REDIS_ACL).unlink(missing_ok=True)
    _write_new(folder / REDIS_ACL, acl_file({u: word[f"redis_{u}_password"] for u in REDIS_USERS}))
    return sorted({path.name for path in folder.iterdir()} - before)


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet. The folder is closed to others; the file is not, because
    a container reads it as another user."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(0o600)
        fresh.write_text(text)
        fresh.chmod(0o444)
        fresh.replace(path)
