"""Entities side by side: ours, natasha's model alone, spaCy's model alone."""
