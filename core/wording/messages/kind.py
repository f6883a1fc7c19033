"""The slot type for a kind of device."""

from typing import Annotated

from core.wording.slots import ChoiceSlot

Kind = Annotated[str, ChoiceSlot("kind", "meter", "shs", "e_bike")]
