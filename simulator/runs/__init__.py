"""Running replications: engines, executors, storage, outcomes and the comparison of runs."""
