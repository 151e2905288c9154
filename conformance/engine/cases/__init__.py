"""Where the cases of a check come from: drawn examples, sequences, the independent sample."""
