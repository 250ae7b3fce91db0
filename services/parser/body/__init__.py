"""The article's text: which blocks are its own, and how they read as paragraphs."""
