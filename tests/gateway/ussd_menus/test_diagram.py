"""The diagram is made from the screens; these tests check how it is drawn."""

import re

from gateway.ussd_menus.diagram import (
    as_json,
    as_mermaid,
    as_text,
    longest_paths_table,
    paths_by_role,
)
from gateway.ussd_menus.timing import seconds
from tests.support.toy_menu import toy_menu

MENU = toy_menu()


def test_the_text_has_every_screen_once_and_where_its_answers_lead() -> None:
    text = as_text(MENU, "en")

    for screen in MENU.screens.keys() - {"engine.resume", "home"}:
        assert len(re.findall(rf"\b{screen} \(", text)) == 1
    assert "1 Pay, does request_payment -> payment.check_phone (notice)" in text
    assert "  1 Lipa -> payment.device (pick)" in as_text(MENU, "sw")


def test_the_tree_of_one_role_stands_alone() -> None:
    text = as_text(MENU, "en", "agent")

    assert text.startswith("agent: home.agent (choice)")
    assert "home.customer" not in text
    assert "see above" not in text.split("\n")[1]


def test_mermaid_has_a_node_for_every_end_of_an_edge() -> None:
    lines = [line.strip() for line in as_mermaid(MENU, "en").split("\n")]
    nodes = {line.split("[")[0].split("(")[0].split("{")[0] for line in lines if "-->" not in line}
    ends = {end for line in lines if "-->" in line for end in (line.split()[0], line.split()[-1])}

    assert lines[0] == "flowchart LR"
    assert ends <= nodes


def test_json_has_every_screen_and_every_answer_has_a_target() -> None:
    drawn = as_json(MENU, "en")

    assert drawn["screens"].keys() == MENU.screens.keys() - {"engine.resume"}
    ends = {answer["to"] for screen in drawn["screens"].values() for answer in screen["answers"]}
    assert ends <= drawn["screens"].keys() | {"back", "home"}
    assert set(drawn["roles"].values()) <= drawn["screens"].keys()


def test_the_longest_paths_use_the_timing_of_a_caller() -> None:
    paths = paths_by_role(MENU)["customer"]
    [path] = [path for path in paths if path.goal == "request_payment"]

    assert path.screens[:3] == ("home.customer", "payment.device", "payment.serial")
    assert path.seconds == sum(seconds(MENU.screens[screen]) for screen in path.screens)
    assert f"{path.seconds:>6.1f} s  request_payment: home.customer > " in longest_paths_table(MENU)


def test_what_is_typed_takes_longer_than_a_choice() -> None:
    chosen, typed = (
        seconds(MENU.screens[screen]) for screen in ("payment.confirm", "payment.serial")
    )

    assert 0 == seconds(MENU.screens["payment.check_phone"]) < chosen < typed
