"""One use, one function, one transaction."""
