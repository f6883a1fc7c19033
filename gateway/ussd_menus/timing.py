"""How long a caller needs for one screen: the network's round trip, reading, pressing keys.

Planning figures, not measurements of our callers: reading and answering one screen on a simple
phone takes five to ten seconds. They err on the slow side. Whoever knows better from the counts of
a live service changes the three numbers here; the compile step and the map then follow.
"""

from __future__ import annotations

from gateway.ussd_menus.readers import Reader
from gateway.ussd_menus.screens import Ask, Notice, Pick, Route, Screen

NETWORK_S = 2.0  # the answer on its way to us, and the next screen back
READING_S = 4.0  # finding the line that matters on a screen of at most 160 characters
PRESS_S = 0.5  # one key; a letter takes two presses on the average
_SEND = 1
_ONE_DIGIT = 1


def presses(screen: Screen) -> int:
    """Keys a caller presses to answer this screen, the one that sends it included."""
    match screen:
        case Route() | Notice():
            return 0
        case Ask():
            return _typed(screen.reads) + _SEND
        case Pick(typed=reader) if reader:
            return max(_typed(reader), _ONE_DIGIT) + _SEND
    return _ONE_DIGIT + _SEND


def seconds(screen: Screen) -> float:
    """Seconds from our answer until the caller's; 0 for what asks nothing."""
    pressed = presses(screen)
    return NETWORK_S + READING_S + PRESS_S * pressed if pressed else 0.0


def _typed(reader: Reader[object]) -> int:
    return reader.presses
