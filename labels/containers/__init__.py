"""File formats, one module per container: where each keeps metadata, and how a label is written there."""
