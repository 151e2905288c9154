"""From data to a scenario (calibration), and from one measured provider to its prospects (forecast)."""
