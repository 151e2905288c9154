"""What the values found in files mean: the AIGC field, wordings, generator traces, content credentials."""
