"""Settings that all tests share."""

import os

from hypothesis import settings

# The same examples on every run, so that red means broken. To look for new ones: HYPOTHESIS_PROFILE=explore.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
