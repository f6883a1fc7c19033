"""Writing a new file that holds business data: closed to others, and complete or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import BadInput


def ensure_new(path: Path) -> None:
    """Raise BadInput where the file exists: an export never overwrites another."""
    if path.exists():
        raise BadInput(f"{path} exists already; choose another name")


@contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that only its owner may read.

    It has another name until it is complete, so that an interrupted command leaves no file. Raises
    BadInput where the file exists or cannot be written.
    """
    ensure_new(path)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        unfinished.rename(path)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
