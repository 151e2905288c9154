"""Words and invented people of one check, which follow from the seed and from nothing that runs beside it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from .people import Persons

if TYPE_CHECKING:
    from .session import Session


class Names:
    """Words and invented people that follow from the seed and the name of their scope alone."""

    def __init__(self, session: Session, scope: str, first: int, apart: str = "") -> None:
        self._session = session
        #: Whose own what is made once is; empty where all checks share it.
        self.apart = apart
        self._scope = scope
        self._first = first
        self._salt = session.taken
        self._tokens = 0
        self._repeats = 0
        self.persons = Persons(int(self._salt, 16) if self._salt else session.seed, first)

    def token(self) -> str:
        """A word that occurs once in a run."""
        self._tokens += 1
        digest = hashlib.sha256(f"{self._session.seed}/{self._salt}/{self._scope}/{self._tokens}".encode()).hexdigest()
        return f"t{digest[:10]}"

    def keep_apart(self) -> None:
        """Have what was made once made anew, and for this check alone: others may be relying on it at this moment."""
        self._repeats += 1
        self.apart = f"{self._scope} {self._repeats}"

    def sow_afresh(self) -> bool:
        """Leave the names that follow from the seed, because somebody used them at this provider before.

        Once a scope; says whether it was done.
        """
        if self._salt:
            return False
        self._salt = self._session.taken_names()
        self.persons = Persons(int(self._salt, 16), self._first)
        return True
