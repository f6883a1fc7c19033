"""Why a use case said no: one message per code of `core.errors.Refused`."""

from gateway.wording.message import message


@message
def other() -> None:
    """For a refusal that has no words of its own."""
