"""Checks that the model can fail: closed forms, an audit of the log, published results, claims of scenarios."""
