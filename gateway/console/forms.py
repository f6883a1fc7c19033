"""The one shape of a form: problems beside their fields, what was typed kept, refusals in words.

    form_page(pages, "/villages/new", "new_village", "catalogue", Form(
        "A new village",
        fields=lambda unit: (Field("code", "Code"), Field("name", "Name")),
        submit=add_village,
        beside={"village_taken": "code"},
    ))

`submit(unit, who, values, **ids)` calls a use case, which writes its audit row in the same
transaction, and says what was done (Done). `act_page` is the same with a reason that must be given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Refused
from core.unit import Unit, retry_on_conflict
from core.wording.operator_messages import describe_refusal
from gateway.console import reading
from gateway.console.desk import current_operator, desk
from gateway.console.gate import page

Values = dict[str, Any]
Options = Callable[[Unit], Sequence[tuple[str, str]]]


def no_options(unit: Unit) -> Sequence[tuple[str, str]]:
    """For what is typed freely."""
    return ()


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `reads` makes the value of what was typed, or raises ValueError with
    what is wrong. `kind`: text, select, date, month, area, password, or secret (seen while it is
    typed, and never sent back). An optional field left empty has the value None. `value` is what it
    starts with, `heading` what stands above it."""

    name: str
    label: str
    reads: Callable[[Unit, str], Any] = reading.text
    kind: str = "text"
    options: Options = no_options
    hint: str = ""
    optional: bool = False
    value: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What to tell, and which page comes next. `rings`: the queues that have work now. `answer`
    gives what is sent instead of a page, a file."""

    told: str
    endpoint: str
    ids: Mapping[str, Any] = field(default_factory=dict)
    rings: tuple[str, ...] = ()
    answer: Callable[[], ResponseReturnValue] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """`beside` says under which field a refusal is shown, by its code. `about` gives facts to look
    at above the fields; it and `fields` may abort(404). `links`: (label, endpoint) of neighbours
    with the same ids.

    With `preview` the form is rehearsed first: submitted in a transaction that is rolled back, in
    which `preview(unit, done)` reads off what it made, line by line. Only what was rehearsed is
    saved.
    """

    title: str
    fields: Callable[..., Sequence[Field]]
    submit: Callable[..., Done]
    button: str = "Save"
    beside: Mapping[str, str] = field(default_factory=dict)
    about: Callable[..., Sequence[tuple[str, str]]] | None = None
    preview: Callable[[Unit, Done], Sequence[str]] | None = None
    links: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Filled:
    """A form as it goes back to the person: what was typed, what is wrong, what it would do."""

    typed: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    lines: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """Names what was typed: a confirmation counts for what was previewed, and nothing else."""
        typed = {name: text for name, text in self.typed.items() if name not in _NOT_TYPED}
        return hashlib.blake2s(json.dumps(typed, sort_keys=True).encode()).hexdigest()


_NOT_TYPED = ("form_token", "confirmed")


def form_page(pages: Blueprint, rule: str, name: str, act: str, form: Form) -> None:
    """Serve a form. Its view is called `name`, its address may carry ids."""

    def view(**ids: Any) -> ResponseReturnValue:
        if request.method == "GET":
            with desk().reading() as unit:
                start = {one.name: one.value for one in form.fields(unit, **ids)}
            return _shown(form, Filled(start | _given(start)), ids)
        done, filled = retry_on_conflict(lambda: _submitted(form, ids))
        if done is None:
            return _shown(form, filled, ids), 200 if filled.lines else 422
        for queue in done.rings:
            desk().work_queues.wake(queue)
        if done.answer:
            return done.answer()
        flash(done.told)
        return redirect(url_for(done.endpoint, **done.ids))

    view.__name__ = name
    page(pages, rule, act, methods=("GET", "POST"))(view)


def act_page(pages: Blueprint, rule: str, name: str, act: str, form: Form) -> None:
    """Serve an act of an operator: a form that ends with the reason, as `values["reason"]`."""

    def fields(unit: Unit, **ids: Any) -> Sequence[Field]:
        return (*form.fields(unit, **ids), Field("reason", "Reason", reading.reason, "area"))

    beside = {"reason_missing": "reason"} | dict(form.beside)
    form_page(pages, rule, name, act, replace(form, fields=fields, beside=beside))


def nothing_else(unit: Unit, **ids: Any) -> Sequence[Field]:
    """The fields of an act that takes only its reason."""
    return ()


def _given(start: Mapping[str, str]) -> dict[str, str]:
    """What a link to the form has filled in."""
    return {name: request.args[name] for name in start if name in request.args}


class _Rehearsed(Exception):
    """Rolls back what a rehearsal did."""


def _submitted(form: Form, ids: Mapping[str, Any]) -> tuple[Done | None, Filled]:
    typed = {name: value.strip() for name, value in request.form.items()}
    filled = Filled(typed)
    try:
        with desk().writing() as unit:
            fields = form.fields(unit, **ids)
            values, filled.problems = read_fields(unit, fields, typed)
            if filled.problems:
                return None, filled
            done = form.submit(unit, current_operator().name, values, **ids)
            if form.preview and typed.get("confirmed") != filled.digest:
                filled.lines = form.preview(unit, done)
                raise _Rehearsed
            return done, filled
    except _Rehearsed:
        return None, filled
    except Refused as refused:
        where = form.beside.get(refused.code, "")
        filled.problems = {where: describe_refusal(refused, g.market.currency)}
        return None, filled


def read_fields(
    unit: Unit, fields: Sequence[Field], typed: Mapping[str, str]
) -> tuple[Values, dict[str, str]]:
    """The values by field, and what is wrong by field."""
    values: Values = {}
    problems: dict[str, str] = {}
    for one in fields:
        try:
            values[one.name] = _read_field(unit, one, typed.get(one.name, ""))
        except ValueError as problem:
            problems[one.name] = str(problem)
    return values, problems


def _read_field(unit: Unit, one: Field, typed: str) -> Any:
    if not typed:
        if one.optional:
            return None
        raise ValueError("this is needed")
    if one.kind == "select" and typed not in {value for value, _ in one.options(unit)}:
        raise ValueError("choose one of the list")
    return one.reads(unit, reading.plain_text(typed))


def _shown(form: Form, filled: Filled, ids: Mapping[str, Any]) -> str:
    """The form as a page, in a unit of its own: what it refused is rolled back."""
    with desk().reading() as unit:
        return render_template(
            "form.html",
            form=form,
            unit=unit,
            fields=form.fields(unit, **ids),
            facts=form.about(unit, **ids) if form.about else (),
            filled=filled,
            ids=ids,
        )
