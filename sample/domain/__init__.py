"""What the sample provider does, apart from how it speaks HTTP."""
