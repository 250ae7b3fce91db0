"""What harms a process of the pool; light to import."""

import os
import time


def harm(how: str) -> str:
    """Die, hang, fail or answer, as asked."""
    if how == "crash":
        os._exit(9)
    if how == "hang":
        time.sleep(3600)
    if how == "fail":
        raise ValueError("asked to fail")
    return f"well, from {os.getpid()}"
