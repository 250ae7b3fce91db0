"""What announces pages: feeds, sitemaps, index pages, home pages, and what became of what they announced."""
