"""The bootstrap: silence about a package is no all-clear, and a missing browser is no fault."""

from __future__ import annotations

import json

import pytest

import dev
from dev import audited

FLAW = {"id": "GHSA-1", "fix_versions": ["2.1"], "aliases": []}


def report(*packages):
    return json.dumps({"dependencies": list(packages), "fixes": []})


CLEAN = {"name": "flask", "version": "3.1.3", "vulns": []}
FLAWED = {"name": "rq", "version": "2.0", "vulns": [FLAW]}
UNSEEN = {"name": "redis", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN], 0, "1 packages, no known vulnerability"),
        ([CLEAN, FLAWED], 1, "rq 2.0: GHSA-1, fixed in ['2.1']"),
        ([CLEAN, UNSEEN], 2, "not audited: redis"),
        ([FLAWED, UNSEEN], 1, "not audited: redis"),
    ],
)
def test_every_package_is_told_of(packages, code, said):
    found, lines = audited(report(*packages), "")

    assert found == code
    assert said in "\n".join(lines)


def test_without_a_network_nothing_was_audited_and_it_says_so():
    code, [line] = audited("", "Traceback\nConnectionError: name or service not known\n")

    assert code == 2
    assert "nothing was audited" in line
    assert "name or service not known" in line


def test_without_a_browser_it_says_what_to_install_and_is_content(monkeypatch, capsys):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("dev.shutil.which", lambda name: None)

    with pytest.raises(SystemExit) as left:
        dev.browser()

    assert not left.value.code
    assert "apt-get install chromium" in capsys.readouterr().out
