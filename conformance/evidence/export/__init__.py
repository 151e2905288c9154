"""A sequence of exchanges as something to run again: curl commands for a shell, or one self-contained pytest.

Evidence is redacted and ids made by a server differ from run to run. So a token or id that a later request repeats is
taken from the answer that first gave it; what the binding took from the environment is taken from the environment; and
the base URL is ``SHENHE_BASE_URL``, by default the one that was probed.
"""

from .curl import as_curl
from .folder import write_scripts
from .plan import carry_plan_of, needed
from .pytest_file import as_pytest

__all__ = ["as_curl", "as_pytest", "carry_plan_of", "needed", "write_scripts"]
