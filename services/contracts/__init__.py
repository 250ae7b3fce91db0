"""What crosses a topic: the messages, their topics and their identities."""
