"""Documents, archives and plain text."""
