"""Running checks against one target: the run, its cases, their exchanges, and the verdicts that follow."""
