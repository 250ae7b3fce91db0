"""The knowledge base: what countries, places, bodies, people and documents of the news are called in each language."""
