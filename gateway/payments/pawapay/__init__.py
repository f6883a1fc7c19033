"""pawaPay, an aggregator of mobile money: prompts, signed callbacks, refunds."""
