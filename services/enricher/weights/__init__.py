"""Weights of translation models: where they come from, and how they get into a folder, whole and as recorded."""
