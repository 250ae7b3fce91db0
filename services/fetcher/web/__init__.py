"""The wire and its guard: one request and its bounded answer, wherever a name leads."""
