"""Labels that people perceive, drawn into pictures and films and mixed into sound."""
