"""The store: articles, their revisions and layers in Postgres, and a receipt on stored-articles for every change."""
