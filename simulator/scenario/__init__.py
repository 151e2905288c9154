"""The scenario language: the market, the policy and its levers, loading, and experimental designs."""
