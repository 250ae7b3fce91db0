"""Article extractors side by side on saved pages with gold."""
