"""A transcript keeps what is the same every time, and nothing else."""

import pytest

from simulator.terminal.journey import parse, seen
from simulator.terminal.transcript import Transcript

SCREENS = [
    ("Paid KES 500 until 3 Nov. Ref TKO1A2B3C4", "Paid KES 500 until .... Ref ..."),
    ("Imelipwa 12 Mac", "Imelipwa ..."),
    ("Payé le 5 févr", "Payé le 5 févr"),
    ("Token 1234 5678 9012 3456 7890 for 01000000016", "Token ... for 01000000016"),
    ("Jeton *123 456 789 012 34#", "Jeton ..."),
    ("123 456 789", "..."),
    ("Booked, receipt AG000042. You owe KES 12 500", "Booked, receipt AG.... You owe KES 12 500"),
    ("M1001: 2.0 kWh, KES 1 234 567 of A***a O.", "M1001: 2.0 kWh, KES 1 234 567 of A***a O."),
    ("Call +254711000001 or 0711000001", "Call +254711000001 or 0711000001"),
    ("Your village is Mayfield 3 Maywood", "Your village is Mayfield 3 Maywood"),
]


def written(text: str, **options: bool) -> str:
    lines: list[str] = []
    transcript = Transcript(lines.append, **options)
    transcript.receipt("TKO1A2B3C4")
    transcript.saw("END", text)
    return "\n".join(lines)


@pytest.mark.parametrize(("text", "wanted"), SCREENS)
def test_days_codes_and_receipts_are_left_open_and_nothing_else(text, wanted):
    assert written(text) == f"END {wanted}"
    assert seen(wanted, text)
    assert written(text, verbatim=True) == f"END {text}"


def test_lines_of_a_screen_that_would_read_as_something_else_are_left_open():
    screen = "Choose\n\ntext us\n> 1\n# 2\n1 Pay"
    line = parse(written(screen))
    assert [(one.word, one.rest) for one in line] == [("END", "Choose\n...\n...\n...\n...\n1 Pay")]
    assert seen(line[0].rest, screen)
