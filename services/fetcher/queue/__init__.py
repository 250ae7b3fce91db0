"""The frontier: what is known of every URL and host, whose turn it is, and the log behind both."""
