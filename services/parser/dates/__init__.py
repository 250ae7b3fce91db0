"""When a page was published: dates as they are written, and which of them is the page's."""
