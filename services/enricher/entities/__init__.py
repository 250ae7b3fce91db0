"""Entities by knowledge: names that are listed with their ids, found in the original text."""
