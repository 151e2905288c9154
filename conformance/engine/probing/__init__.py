"""One case against the target: the calls, their roles and their evidence."""
