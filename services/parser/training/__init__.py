"""Trains the models that choose an article's body; nothing of it runs with the product."""
