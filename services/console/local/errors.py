"""What the local run tells its operator when it cannot go on."""


class LocalRunError(Exception):
    """One sentence for the operator: what was wrong, and what to do about it."""
