"""Reading files that operators write: a catalogue (TOML); customers, devices and sales (CSV)."""
