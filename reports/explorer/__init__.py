"""The explorer: a page in the browser that moves levers, runs the simulation and shows what follows."""
