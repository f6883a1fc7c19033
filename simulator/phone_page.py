"""The handset in the browser: one page with its own scripts and styles; no build, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, send_from_directory

page = Blueprint("phone_page", __name__)
_STATIC = Path(__file__).parent / "static"


@page.get("/phone")
def without_slash() -> Any:
    return redirect("/phone/")


@page.get("/phone/")
def index() -> Any:
    return send_from_directory(_STATIC, "index.html")


@page.get("/phone/static/<path:name>")
def static_file(name: str) -> Any:
    """Always revalidated: a visitor never runs yesterday's script against today's API."""
    answer = send_from_directory(_STATIC, name)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
