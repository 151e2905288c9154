"""Labels that people perceive, found in pixels and samples."""
