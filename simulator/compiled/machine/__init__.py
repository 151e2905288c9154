"""How the compiled engine works: numba, memory, the agenda and queues. Nothing here has a twin in the reference."""
