"""The parser: a fetched page becomes an article or a rejection."""

import os

# numpy only compares here: a thread for each core, and the memory of each, would wait for nothing.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
