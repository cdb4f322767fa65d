"""The worlds that run behind the page, without a page."""
