"""Settings that all tests share."""

import os
import signal

from hypothesis import settings

# The same examples on every run, so that red means broken. To look for new ones: HYPOTHESIS_PROFILE=explore.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A shell without job control starts what it puts in the background deaf to Ctrl-C, and so would every command be that a
# test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
