"""The operator's own money: the office's cash and the bank."""
