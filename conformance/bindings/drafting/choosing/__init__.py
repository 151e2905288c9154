"""Which endpoint serves which operation, by words, fields and what endpoints do."""
