"""The enricher adds a layer to an article: its language, translations, entities and a key to search it by."""
