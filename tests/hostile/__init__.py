"""The hostile corpus: what a provider, or the author of a binding, report or media file, may try."""
