"""Duties of the service as a whole: companions, minors, intended use, records."""
