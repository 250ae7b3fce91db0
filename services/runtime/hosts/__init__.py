"""One policy, several hosts: each only moves records between a broker and the worker."""
