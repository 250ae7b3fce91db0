"""What a page says of itself: title, authors, section, tags, images, editions, rights."""
