"""Mutation of the sample provider's own code: what the checks find of faults that nobody thought of.

``make mutants`` changes one place of the lawful code at a time (:mod:`.operators`), runs the checks that reach this
place, and counts what was killed and what survived (:mod:`.__main__`).
"""
