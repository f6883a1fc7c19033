"""What kinds of device are called."""

from typing import Annotated

from core.wording.slots import ChoiceSlot

Kind = Annotated[str, ChoiceSlot("kind", "meter", "shs", "e_bike")]
