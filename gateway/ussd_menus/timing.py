"""How long a caller needs for one screen: the network, reading, pressing keys.

These are planning figures, not measurements: answering one screen on a simple phone takes five to
ten seconds. They are rather too long than too short. Where counts of a live service show better
figures, change the three constants here; the compile step and the diagram follow.
"""

from __future__ import annotations

from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Ask, Notice, Pick, Route

NETWORK_S = 2.0  # the answer on its way to us, and the next screen back
READING_S = 4.0  # finding the line that matters on a screen of at most 160 characters
PRESS_S = 0.5  # one key; a letter takes two presses on average
_SEND = 1
_ONE_DIGIT = 1


def key_presses(screen: Screen) -> int:
    """Keys that a caller presses to answer this screen, including the one that sends."""
    match screen:
        case Route() | Notice():
            return 0
        case Ask():
            return screen.reader.key_presses + _SEND
        case Pick(typed_reader=reader) if reader:
            return max(reader.key_presses, _ONE_DIGIT) + _SEND
    return _ONE_DIGIT + _SEND


def seconds(screen: Screen) -> float:
    """Seconds from our answer until the caller's; 0 for a screen that asks nothing."""
    presses = key_presses(screen)
    return NETWORK_S + READING_S + PRESS_S * presses if presses else 0.0
