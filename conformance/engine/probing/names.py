"""Generated words and invented people of one check: they depend on the seed, the salt of the run and the scope only."""

from __future__ import annotations

import hashlib

from ...checks.people import Persons, Taken
from ...checks.requests import varied

_DOUBLE_SURNAMES = ("欧阳", "司徒", "上官", "诸葛", "令狐", "慕容", "端木", "皇甫", "尉迟", "澹台", "公孙", "钟离")
#: Characters that are allowed in names and hardly ever used in texts.
_RARE = (
    "旻昱昶晟晔暄曦煜烨燊珩珺琛琰瑄瑾璟璇瓒甯祎祺禛祯筠筱绮缦翎翊翾舸芃芮苒荇荻"
    "莞菁菡蓁蔚薇蘅蕤袆谌赟轶迩逯郇郦钊钰铄锴闳阗霁霈霖靖韫韬颉颢颐骁骞鹄鹭麒黛"
)


class Names:
    """Words and invented people of one scope (a check, or something that is made once per run).

    ``salt`` makes them new in every run. No two people of names that share one ``taken`` have a number in common.
    """

    def __init__(
        self, seed: int = 0, scope: str = "", *, salt: str = "", taken: Taken | None = None, apart: str = ""
    ) -> None:
        self._row = f"{seed}/{salt}"
        #: Names the check whose own copy "made once" refers to; empty where all checks share one.
        self.apart = apart
        self._scope = scope
        self._salt = salt
        self._tokens = 0
        self._repeats = 0
        self.persons = Persons(self._row, scope, taken)

    def token(self) -> str:
        """A word that occurs once in a run."""
        self._tokens += 1
        digest = hashlib.sha256(f"{self._row}/{self._scope}/{self._tokens}".encode()).hexdigest()
        return f"t{digest[:10]}"

    def colour(self) -> tuple[int, int, int]:
        """A colour that hardly anything else in a run has. A picture of it is no copy of another: where a removal has
        to reach identical copies, equal pictures would go together.
        """
        digest = hashlib.sha256(f"colour/{self.token()}".encode()).digest()
        return digest[0] % 196, digest[1] % 196, digest[2] % 196

    def rare_name(self) -> str:
        """A name of four Han characters that occurs once in a run and in no text by chance: a double surname and two
        rare characters.
        """
        digest = hashlib.sha256(f"name/{self._row}/{self._scope}/{self.token()}".encode()).digest()
        surname = _DOUBLE_SURNAMES[digest[0] % len(_DOUBLE_SURNAMES)]
        given = (_RARE[int.from_bytes(digest[at : at + 2], "big") % len(_RARE)] for at in (1, 3))
        return surname + "".join(given)

    def vary(self, text: str) -> str:
        """``text`` about another harmless subject, the same throughout a run."""
        return varied(text, self._salt)

    def keep_apart(self) -> None:
        """Make what is shared again, for this check only: other checks may rely on the shared copy."""
        self._repeats += 1
        self.apart = f"{self._scope} {self._repeats}"
