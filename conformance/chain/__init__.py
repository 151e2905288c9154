"""Several targets in a row: what a file goes through from the one that makes it to the public, and what only the whole
chain shows.
"""
