"""HTTP itself: the connection of a provider, its transports, and what can go wrong on the way."""
