"""The errors of the token families.

Their messages name what is wrong and never hold a key or a token, so they may be logged.
"""


class TokenError(ValueError):
    """A token cannot be made from what was given; nothing was used up."""


class TokenImpossible(TokenError):
    """No later try makes it either: the amount, the device's data or its counter is against it.

    Any other TokenError is worth waiting for: a key that is not set, a clock that is wrong.
    """
