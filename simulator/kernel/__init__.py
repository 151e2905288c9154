"""What both engines share: the number table, state, keyed draws, formulas, the event log and its constants."""
