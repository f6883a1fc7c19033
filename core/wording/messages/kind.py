"""What kinds of device are called."""

from typing import Annotated

from core.wording.slots import Word

Kind = Annotated[str, Word("kind", "meter", "shs", "e_bike")]
