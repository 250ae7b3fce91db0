"""The engines themselves, a file each: they ask once, in time, and say what went wrong; all patience is elsewhere."""
