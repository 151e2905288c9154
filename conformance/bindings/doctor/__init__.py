"""Trying each operation of a binding once, and naming the line that is wrong."""
