"""Failures of the periodic work, as cases: a job that fails is tried again, and a person knows."""

from __future__ import annotations

from core.db.audit import close_cases_by_key, open_case
from core.unit import Unit

_FAILED = "schedule_failed"


def report_job_failed(unit: Unit, job: str) -> None:
    """Open a case about a periodic job, named by a noun phrase: at most one a day."""
    detail = f"{job} failed: the log has the error. It is tried again every five minutes."
    open_case(unit.connection, unit.now, _FAILED, f"{job}:{unit.today}", detail)


def report_job_done(unit: Unit, job: str) -> None:
    """Close today's case about a periodic job, if there is one."""
    close_cases_by_key(unit.connection, unit.now, f"{_FAILED}:{job}:{unit.today}")
