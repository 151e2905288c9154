"""Generated words and invented people of one check. They depend on the seed, the salt and the check's name only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..checks.people import Persons


class Names:
    """Words and invented people that depend on the seed and the name of their scope only.

    ``draw_salt`` returns the salt of the run, which is drawn the first time a name turns out to be taken.
    """

    def __init__(
        self, seed: int, scope: str, first: int, *, salt: str, draw_salt: Callable[[], str], apart: str = ""
    ) -> None:
        self._seed = seed
        #: Names the check whose own copy "made once" refers to; empty where all checks share one.
        self.apart = apart
        self._scope = scope
        self._first = first
        self._salt = salt
        self._draw_salt = draw_salt
        self._tokens = 0
        self._repeats = 0
        self.persons = Persons(int(salt, 16) if salt else seed, first)

    def token(self) -> str:
        """A word that occurs once in a run."""
        self._tokens += 1
        digest = hashlib.sha256(f"{self._seed}/{self._salt}/{self._scope}/{self._tokens}".encode()).hexdigest()
        return f"t{digest[:10]}"

    def keep_apart(self) -> None:
        """Make what is shared again, for this check only: other checks may rely on the shared copy."""
        self._repeats += 1
        self.apart = f"{self._scope} {self._repeats}"

    def salt_after_collision(self) -> bool:
        """Switch to salted names because an earlier run used the unsalted ones on this provider.

        Happens at most once per scope; returns whether it happened.
        """
        if self._salt:
            return False
        self._salt = self._draw_salt()
        self.persons = Persons(int(self._salt, 16), self._first)
        return True
