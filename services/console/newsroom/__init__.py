"""A small web of invented news sites, served over real HTTP, with a gold record for every article."""
