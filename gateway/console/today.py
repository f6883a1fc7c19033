"""The front page: how today goes."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from gateway.console.desk import desk
from gateway.console.gate import page

pages = Blueprint("today", __name__)


@page(pages, "/", "see")
def today() -> ResponseReturnValue:
    """Today's figures."""
    with desk().reading() as unit:
        return render_template("today.html", unit=unit)
