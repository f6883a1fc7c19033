"""Forms: what was typed is kept, and every problem is shown beside its field.

    form_page(blueprint, "/villages/new", "new_village", "catalogue", Form(
        "New village",
        fields=lambda unit: (Field("code", "Code"), Field("name", "Name")),
        submit=add_village,
        errors_at={"village_taken": "code"},
    ))

`submit(unit, operator, values, **ids)` calls a use case, which writes its audit row in the same
transaction, and returns `Done`. `action_page` is a form that also requires a reason.

A form is saved once: the token that it was shown with is spent in that transaction. The same form
again (a double click, a reload after a lost answer) does nothing and gets the first answer.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from core.act import ActName
from core.db.acts import NewRequest
from core.db.saved_forms import find_saved_form, save_answer, spend_token, unspend_token
from core.errors import Refused
from core.unit import Unit, retry_on_conflict
from core.wording.operator_messages import describe_refusal
from gateway.console import parsing
from gateway.console.acts import Act, do_or_ask
from gateway.console.auth import View, note_refusal, page
from gateway.console.console_context import console, current_operator

Values = dict[str, Any]
Options = Callable[[Unit], Sequence[tuple[str, str]]]


def no_options(unit: Unit) -> Sequence[tuple[str, str]]:
    """The options of a field that is typed."""
    return ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    `parse(unit, typed)` returns its value, or raises ValueError with the problem. `kind`: text,
    select, date, month, area, code (of a second factor), secret (visible while it is typed, never
    sent back), hidden, or password: taken as it was typed, all others without blanks at their ends.
    An optional field that is left empty has the value None. `value` is the initial text, `heading`
    is shown above the field.
    """

    name: str
    label: str
    parse: Callable[[Unit, str], Any] = parsing.text
    kind: str = "text"
    options: Options = no_options
    hint: str = ""
    optional: bool = False
    value: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class ShownOnce:
    """A PIN, a token or codes: `values`, never in a cookie, a log or the database. `caption` says
    what they are. With `token_id` the page shows the value in the place of that token."""

    caption: str
    values: tuple[str, ...] = field(repr=False)
    token_id: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A form was submitted: the message to show, and the page to go to (`endpoint`, `ids`).

    `shown_once` is shown on that page, in the answer to this form and never again. `response` makes
    what is sent instead of a page, for example a file; such a form may be sent again. `lines`: what
    a preview shows in place of what the form says.
    """

    message: str
    endpoint: str
    ids: Mapping[str, Any] = field(default_factory=dict)
    response: Callable[[], ResponseReturnValue] | None = None
    shown_once: ShownOnce | None = None
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the operator is answered for a form that was saved. `done` is None for the same form
    again."""

    message: str
    location: str
    done: Done | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A form.

    `errors_at` maps the code of a refusal to the field beside which it is shown. `summary` returns
    (label, value) pairs for the top of the form; it and `fields` may abort(404). `links`: (label,
    endpoint) of related pages with the same ids.

    `act`: what it does counts against the limits of its operator, and may need a second person.

    With `preview` the form is first submitted in a transaction that is rolled back, in which
    `preview(unit, done)` describes the result in lines. Only what was previewed can be saved.

    `figure(typed)` returns markup that is shown above the fields. `refused(refused)` is called
    after a refused form was rolled back; it may abort.
    """

    title: str
    fields: Callable[..., Sequence[Field]]
    submit: Callable[..., Done]
    button: str = "Save"
    errors_at: Mapping[str, str] = field(default_factory=dict)
    summary: Callable[..., Sequence[tuple[str, str]]] | None = None
    preview: Callable[[Unit, Done], Sequence[str]] | None = None
    links: tuple[tuple[str, str], ...] = ()
    figure: Callable[[Mapping[str, str]], Markup] | None = None
    refused: Callable[[Refused], None] = lambda refused: None
    act: Act | None = None


@dataclass(slots=True)
class FormState:
    """A form as it is sent back: what was typed, the problems by field, the preview."""

    typed: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    preview: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """A hash of what was typed. A confirmation is valid only for what was previewed."""
        typed = {name: text.strip() for name, text in self.typed.items() if name not in _NOT_TYPED}
        return hashlib.blake2s(json.dumps(typed, sort_keys=True).encode()).hexdigest()

    @property
    def kept_digest(self) -> str:
        """The hash that is kept of a saved form. No typed password can be guessed from it: its key
        is the form token of the login."""
        key = self.typed["form_token"].encode()
        return hashlib.blake2s(self.digest.encode(), key=key).hexdigest()


# The forms of acts, each with its permission: an approved act is done by its own form.
ACT_FORMS: dict[ActName, tuple[str, Form]] = {}

_NOT_TYPED = ("form_token", "once", "confirmed")
_ONCE_BYTES = 16


def form_page(blueprint: Blueprint, rule: str, name: str, permission: str, form: Form) -> None:
    """Serve a form at that address, which may contain ids. `name` is the name of its view."""

    def view(**ids: Any) -> ResponseReturnValue:
        if request.method == "GET":
            with console().read_only_unit() as unit:
                fields = form.fields(unit, **ids)
            initial = {field.name: field.value for field in fields}
            return _render_form(form, FormState(initial | _query_values(fields)), ids)
        answer, state = retry_on_conflict(lambda: _submit_form(form, ids))
        if answer is None:
            return _render_form(form, state, ids), 200 if state.preview else 422
        return _send(answer)

    view.__name__ = name
    page(blueprint, rule, permission, methods=("GET", "POST"))(view)
    if form.act:
        ACT_FORMS[form.act.name] = permission, form


def _send(answer: _Answer) -> ResponseReturnValue:
    """Return the page or the file for a form that was saved."""
    if answer.done and answer.done.response:
        return answer.done.response()
    if answer.done and answer.done.shown_once:
        g.shown_once = answer.done.shown_once
        view = cast("View", current_app.view_functions[answer.done.endpoint])
        return view(**answer.done.ids)
    flash(answer.message)
    return redirect(answer.location)


def action_page(blueprint: Blueprint, rule: str, name: str, permission: str, form: Form) -> None:
    """Serve a form that ends with a required reason, which is `values["reason"]`."""

    def fields(unit: Unit, **ids: Any) -> Sequence[Field]:
        return (*form.fields(unit, **ids), Field("reason", "Reason", parsing.reason, "area"))

    errors_at = {"reason_missing": "reason"} | dict(form.errors_at)
    form_page(blueprint, rule, name, permission, replace(form, fields=fields, errors_at=errors_at))


def no_fields(unit: Unit, **ids: Any) -> Sequence[Field]:
    """The fields of an action that needs only its reason."""
    return ()


def _query_values(fields: Sequence[Field]) -> dict[str, str]:
    """Return the values that the link to the form gives in its query."""
    names = (field.name for field in fields if field.kind != "hidden")
    return {name: request.args[name] for name in names if name in request.args}


class _NotSaved(Exception):
    """Rolls back what a preview wrote, and the spending of the form's token."""


def _submit_form(form: Form, ids: Mapping[str, Any]) -> tuple[_Answer | None, FormState]:
    state = FormState(dict(request.form.items()))
    token = state.typed.get("once", "")
    if len(token) < _ONCE_BYTES:
        abort(400, "This form has expired. Go back, reload the page and try again.")
    try:
        with console().unit() as unit:
            if not spend_token(unit.connection, token, state.kept_digest, unit.now):
                return _first_answer(unit, token, state), state
            done = _save_form(unit, form, state, ids)
            return _keep_answer(unit, token, done), state
    except _NotSaved:
        return None, state
    except Refused as refused:
        where = form.errors_at.get(refused.code, "")
        state.problems = {where: describe_refusal(refused, g.market.currency)}
        note_refusal(refused.code)
        form.refused(refused)
        return None, state


def _save_form(unit: Unit, form: Form, state: FormState, ids: Mapping[str, Any]) -> Done:
    """What submitting the form did. Raises _NotSaved with the problems or the preview in `state`,
    and Refused."""
    fields = form.fields(unit, **ids)
    values, state.problems = parse_fields(unit, fields, state.typed)
    if state.problems:
        raise _NotSaved
    if form.act is None:
        done = form.submit(unit, current_operator().name, values, **ids)
    else:
        typed = {field.name: state.typed.get(field.name, "") for field in fields}
        done = _submit_act(unit, form, form.act, NewRequest(form.act.name, ids, typed), values)
    if form.preview and state.typed.get("confirmed") != state.digest:
        state.preview = done.lines or form.preview(unit, done)
        raise _NotSaved
    return done


def _submit_act(unit: Unit, form: Form, act: Act, request: NewRequest, values: Values) -> Done:
    """Do what the form does, or ask for it where it needs a second person."""
    operator, ids = current_operator().name, request.ids
    lines = list[str]()

    def work() -> Done:
        done = form.submit(unit, operator, values, **ids)
        lines.extend(form.preview(unit, done) if form.preview else ())
        return done

    done = do_or_ask(unit, act, work, request, values)
    if isinstance(done, Done):
        return done
    message = " ".join(done.lines)
    where = {"act_id": done.act_id}
    return Done(message, "approvals.approval", where, lines=[*lines, *done.lines])


def _keep_answer(unit: Unit, token: str, done: Done) -> _Answer:
    """The answer for a form, kept for the same form again."""
    location = url_for(done.endpoint, **done.ids)
    if done.response:
        unspend_token(unit.connection, token)
    else:
        save_answer(unit.connection, token, done.message, location)
    return _Answer(done.message, location, done)


def _first_answer(unit: Unit, token: str, state: FormState) -> _Answer | None:
    """The answer that this form got when it was saved; None, with the problem in `state`, where
    something else is typed in it now."""
    saved = find_saved_form(unit.connection, token)
    if saved is not None and saved.digest == state.kept_digest:
        return _Answer(saved.message, saved.location)
    state.problems = {"": "this form was saved before. Send it again to save what it says now"}
    return None


def parse_fields(
    unit: Unit, fields: Sequence[Field], typed: Mapping[str, str]
) -> tuple[Values, dict[str, str]]:
    """Return the values and the problems, both by the name of the field."""
    values: Values = {}
    problems: dict[str, str] = {}
    for asked in fields:
        try:
            values[asked.name] = _parse_field(unit, asked, typed.get(asked.name, ""))
        except ValueError as problem:
            problems[asked.name] = str(problem)
    return values, problems


def _parse_field(unit: Unit, field: Field, typed: str) -> Any:
    if field.kind != "password":
        typed = typed.strip()
    if not typed:
        if field.optional:
            return None
        raise ValueError("this is required")
    if field.kind == "select" and typed not in {value for value, _ in field.options(unit)}:
        raise ValueError("choose a value from the list")
    return field.parse(unit, parsing.plain_text(typed))


def _render_form(form: Form, state: FormState, ids: Mapping[str, Any]) -> str:
    """Return the form as a page. It opens a unit of its own, after a refused one is rolled back."""
    with console().read_only_unit() as unit:
        return render_template(
            "form.html",
            form=form,
            unit=unit,
            fields=form.fields(unit, **ids),
            facts=form.summary(unit, **ids) if form.summary else (),
            state=state,
            ids=ids,
            once=secrets.token_urlsafe(_ONCE_BYTES),
        )
