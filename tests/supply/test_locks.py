"""What is installed is named by version and hash, and by no other name than its own."""

from __future__ import annotations

import re

import pytest

from supply.audit import LOCKS, ROOT


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_named_with_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())

    assert entries
    assert [entry for entry in entries if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ ", entry)] == []
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_nothing_is_installed_without_hashes_but_the_product() -> None:
    script = (ROOT / "dev.py").read_text()

    calls = re.findall(r"\[\*(?:pip|uv|installer), [^\]]*\]", script)
    assert len(calls) >= 6
    unchecked = [call for call in calls if "--require-hashes" not in call]
    product = [call for call in unchecked if '"--no-deps"' in call and '"-e", "."' in call]
    # A Python without ensurepip gets pip itself from where the machine gets its packages.
    [pip_itself] = [call for call in unchecked if call not in product]
    assert pip_itself.endswith('"install", "--quiet", "pip"]')
