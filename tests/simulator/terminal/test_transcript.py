"""A transcript writes `...` for what differs each time, and nothing else."""

import pytest

from simulator.terminal.journey import matches, parse
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


def transcribed(text: str, *, verbatim: bool = False) -> str:
    lines: list[str] = []
    transcript = Transcript(lines.append, verbatim=verbatim)
    transcript.add_receipt("TKO1A2B3C4")
    transcript.result("END", text)
    return "\n".join(lines)


@pytest.mark.parametrize(("text", "expected"), SCREENS)
def test_only_days_tokens_and_receipts_become_three_dots(text: str, expected: str) -> None:
    assert transcribed(text) == f"END {expected}"
    assert matches(expected, text)
    assert transcribed(text, verbatim=True) == f"END {text}"


def test_a_line_of_a_screen_that_would_read_as_another_step_becomes_three_dots() -> None:
    screen = "Choose\n\ntext us\n> 1\n# 2\n1 Pay"
    steps = parse(transcribed(screen))
    assert [(step.word, step.rest) for step in steps] == [
        ("END", "Choose\n...\n...\n...\n...\n1 Pay")
    ]
    assert matches(steps[0].rest, screen)
