"""The one error of the token families.

Its message names what is wrong and never holds a key or a token, so it may be logged.
"""


class TokenError(ValueError):
    """A token cannot be made from what was given; nothing was used up."""
