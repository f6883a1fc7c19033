"""Connections of the product's processes get the rights of their roles, in every test.

The role is set while connecting, which costs nothing. So a right that core.db.rights forgets fails
the test of whatever needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, make_url

from core.db.rights import Role
from operations.embedded.services import Services
from tests.support.services import TEMPLATE

# By the name that the engine of a process gives its connections.
ROLE_OF: dict[str, Role] = {
    "dialwatt web": "web",
    "dialwatt worker": "worker",
    "dialwatt schedule": "worker",
}


def as_role(database_url: str, role: Role, of: str | None = TEMPLATE) -> str:
    """The address with which a process logs in to a database whose roles are those of database
    `of`, which is the template that it is cut from."""
    url = make_url(database_url).set(username=f"{of}_{role}")
    return url.render_as_string(hide_password=False)


@contextmanager
def processes_in_their_roles(services: Services, database: str) -> Iterator[None]:
    """Set the roles of the databases that are cut from `database`."""
    here = make_url(services.database_url).query["host"]

    @event.listens_for(Engine, "do_connect")
    def set_role(
        dialect: object, record: object, cargs: list[Any], cparams: dict[str, Any]
    ) -> None:
        role = ROLE_OF.get(cparams.get("application_name", ""))
        if role and cparams.get("host") == here:
            cparams["options"] = f"{cparams.get('options', '')} -c role={database}_{role}"

    yield
    event.remove(Engine, "do_connect", set_role)
