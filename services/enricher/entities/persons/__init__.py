"""Persons: found by the shape of their names, told apart and joined over spellings, followed through a text."""
