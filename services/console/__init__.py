"""The operator's command line, the local run and the newsroom."""
