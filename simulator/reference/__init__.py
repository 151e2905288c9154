"""The readable model, on SimPy. `compiled/` is the same model, compiled, and gives the same bits."""
