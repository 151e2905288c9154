"""Who acts, and whose face, voice and data is used: real names, consent, personal data."""
