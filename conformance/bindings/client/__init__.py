"""Reaching a target over HTTP as its binding says: from an operation to a request, and from a response back."""
