"""The phone in the browser: one page with its own scripts and styles, without a build step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, send_from_directory

page = Blueprint("phone_page", __name__)
_STATIC = Path(__file__).parent / "static"


@page.get("/phone")
def redirect_to_page() -> Any:
    """`/phone` leads to `/phone/`."""
    return redirect("/phone/")


@page.get("/phone/")
def index() -> Any:
    """The page."""
    return send_from_directory(_STATIC, "index.html")


@page.get("/phone/static/<path:name>")
def static_file(name: str) -> Any:
    """A script or style. The browser revalidates it each time, so it always fits the API."""
    answer = send_from_directory(_STATIC, name)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
