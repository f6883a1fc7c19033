"""Cases about the work of workers and the schedule itself: a periodic job that fails, and is tried
again, and a job that is none of ours.
"""

from __future__ import annotations

from core.db.audit import close_cases_by_key, open_case
from core.unit import Unit

_FAILED, _FOREIGN = "schedule_failed", "foreign_job"


def report_job_failed(unit: Unit, job: str) -> None:
    """Open a case about a periodic job, named by a noun phrase: at most one a day."""
    detail = f"{job} failed: the log has the error. It is tried again every five minutes."
    open_case(unit.connection, unit.now, _FAILED, f"{job}:{unit.today}", detail)


def report_job_done(unit: Unit, job: str) -> None:
    """Close today's case about a periodic job, if there is one."""
    close_cases_by_key(unit.connection, unit.now, f"{_FAILED}:{job}:{unit.today}")


def report_foreign_job(unit: Unit) -> None:
    """Open a case about jobs that workers refused: at most one a day."""
    detail = (
        "There was a job in Redis that is no part of this product; the workers refused it and"
        " the log has its name. Who can do that has REDIS_URL: change its password, and look at the"
        " hosts that know it."
    )
    open_case(unit.connection, unit.now, _FOREIGN, str(unit.today), detail)
