"""The binding language: what a binding file may contain, and its compiled form. Nothing here sends a request."""
