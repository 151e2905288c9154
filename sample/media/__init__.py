"""The media that the sample provider makes, with their labels."""
