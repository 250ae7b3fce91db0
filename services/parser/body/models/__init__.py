"""The trained models that choose an article's body."""
