"""The parser: a fetched page becomes an article or a rejection."""
