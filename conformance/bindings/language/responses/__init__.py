"""What is read from a response: paths, conditions, streams, markup."""
