"""Bytes of untrusted files: bounded access, format detection, and the confined worker for decoders."""
