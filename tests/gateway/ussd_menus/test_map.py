"""The map is drawn from the screens, so it can only tell the truth; these check the drawing."""

from gateway.ussd_menus.map import as_mermaid, as_text, longest_ways_table
from tests.support.toy_menu import toy_menu

MENU = toy_menu()


def test_the_text_names_every_screen_and_where_its_answers_lead() -> None:
    text = as_text(MENU, "en")

    for screen in MENU.screens.keys() - {"engine.resume"}:
        assert f"\n{screen} (" in "\n" + text
    assert "pay.confirm (choice)\n    Pay: does request_payment, pay.check_phone" in text
    assert "    Lipa: pay.device" in as_text(MENU, "sw")


def test_mermaid_has_a_node_for_every_end_of_an_edge() -> None:
    lines = [line.strip() for line in as_mermaid(MENU, "en").split("\n")]
    nodes = {line.split("[")[0].split("(")[0].split("{")[0] for line in lines if "-->" not in line}
    ends = {end for line in lines if "-->" in line for end in (line.split()[0], line.split()[-1])}

    assert lines[0] == "flowchart LR"
    assert ends <= nodes


def test_the_longest_ways_are_counted_in_screens_a_caller_answers() -> None:
    assert "  40 s of 160  request_payment: home.customer > pay.device > pay.serial" in (
        longest_ways_table(MENU)
    )
