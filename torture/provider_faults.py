"""How the simulated providers misbehave during a run."""

from __future__ import annotations

import requests

# (provider, fault, value, operation, share of the calls)
_FAULTS = (
    ("safaricom", "drop_callback", "", None, 0.03),
    ("safaricom", "repeat_callback", "3", None, 0.05),
    ("safaricom", "reverse_callbacks", "", None, 0.05),
    ("safaricom", "delay_callback", "3", None, 0.05),
    ("safaricom", "delay_callback", "90", None, 0.01),
    ("safaricom", "lose_reply", "", "stkpush", 0.02),
    ("safaricom", "fail_after", "", "stkpush", 0.01),
    ("safaricom", "callback_first", "", "stkpush", 0.02),
    ("safaricom", "lose_reply", "", "reversal", 0.2),
    ("safaricom", "fail_before", "", "pull", 0.5),
    ("stron", "lose_reply", "", "vend", 0.03),
    ("stron", "fail_after", "", "vend", 0.02),
    ("stron", "fail_before", "", "vend", 0.02),
    ("stron", "html_reply", "", "vend", 0.01),
    ("koios", "lose_reply", "", "vend", 0.05),
    ("koios", "fail_before", "", "vend", 0.02),
    ("africastalking", "lose_reply", "", "send", 0.02),
    ("africastalking", "fail_before", "", "send", 0.02),
    ("africastalking", "repeat_callback", "2", None, 0.05),
)


def inject_faults(providers_url: str, seed: int) -> None:
    """Switch on every fault of the list."""
    for provider, name, value, operation, share in _FAULTS:
        fault = {
            "provider": provider,
            "name": name,
            "value": value,
            "operation": operation,
            "share": share,
            "seed": seed,
        }
        requests.post(f"{providers_url}/_ctl/faults", json=fault, timeout=30).raise_for_status()


def clear_faults(providers_url: str) -> None:
    """Switch off every fault."""
    requests.delete(f"{providers_url}/_ctl/faults", timeout=30).raise_for_status()
