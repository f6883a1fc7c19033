"""Ask OSV (https://google.github.io/osv.dev/api/) for what is known of packages."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import requests

from supply.advisories import ECOSYSTEM, Advisory, Database, read_advisory

QUERY = "https://api.osv.dev/v1/query"
_WAIT_S = (5, 20)  # to connect, and between two parts of the answer
_AT_ONCE = 8
_PAGES = 50  # no package has so many; an answer without end is none


class NotAnswered(Exception):
    """OSV could not be reached, or answered something else. Its text says which."""


def ask(packages: Collection[str], url: str = QUERY) -> Database:
    """Return all advisories on these packages, given by their normal names.

    Raises NotAnswered where any of them cannot be looked up.
    """
    today = datetime.now(UTC).date()
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(partial(_advisories, url), packages))
    except requests.RequestException as error:
        raise NotAnswered(f"{url}: {type(error).__name__}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotAnswered(f"it answers in another form ({error!r})") from error
    return Database(url, today, today, dict(zip(packages, answers, strict=True)))


def _advisories(url: str, package: str) -> list[Advisory]:
    found: list[Advisory] = []
    query: dict[str, Any] = {"package": {"name": package, "ecosystem": ECOSYSTEM}}
    for _ in range(_PAGES):
        answer = requests.post(url, json=query, timeout=_WAIT_S)
        answer.raise_for_status()
        page = answer.json()
        read = (read_advisory(record, package) for record in page.get("vulns", ()))
        found += [advisory for advisory in read if advisory]
        if not page.get("next_page_token"):
            return sorted(found, key=lambda each: each.id)
        query["page_token"] = page["next_page_token"]
    raise ValueError(f"more than {_PAGES} pages for {package}")
