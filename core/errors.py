"""Every error the product raises on purpose, and what each one means for the caller.

Caught in four places only: the route wrapper, the menu engine, the job wrapper, the command line.
"""

from __future__ import annotations


class DialwattError(Exception):
    """The root of all errors raised on purpose."""


class Refused(DialwattError):
    """The person may not do that. Expected; shown in their language.

    `code` names a wording (`refused.<code>`), `values` fill its slots. `currency` is that of the
    market, once the refusal has left its Unit.
    """

    currency: str | None = None

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values


class BadCallback(DialwattError):
    """A stranger, or a provider speaking nonsense: answered 400 with this one line, no retry."""


class UnverifiedSignature(BadCallback):
    """A callback that nothing proves to be the provider's, from a provider that signs."""


class BadInput(DialwattError):
    """A file or setting an operator gave us is wrong; holds every problem found, one a line."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ProviderFailure(DialwattError):
    """Another company's server did not do what we asked. `code` is theirs, stored with the row."""

    def __init__(self, provider: str, code: str, detail: str = "") -> None:
        super().__init__(f"{provider}: {code} {detail}".rstrip())
        self.provider = provider
        self.code = code


class Temporary(ProviderFailure):
    """Certainly not done; try again later."""


class Unavailable(Temporary):
    """Certainly not done, and no other call would be: the provider is away, or our account with it
    is empty."""


class Permanent(ProviderFailure):
    """Certainly not done; never try again."""


class OutcomeUnknown(ProviderFailure):
    """May have been done (time ran out after sending). Look it up, never repeat it blindly."""


class BrokenInvariant(DialwattError):
    """Our books or our logic are wrong: stop, roll back, wake someone."""
