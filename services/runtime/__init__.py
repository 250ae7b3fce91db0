"""Runs a stage: the only code that knows a broker."""
