"""Invented identity numbers, made new in a sequence that runs again.

A target that keeps its data knows the numbers of the first run. :func:`another` gives a number of the same form and
with the same flaw. Scripts hold the source of :func:`another_checked`, so it is short and has no single quotes.
"""

from __future__ import annotations

import inspect
import random
import re
from typing import Final

_FORMS: Final = re.compile(
    r"NNID[0-9]{27}"
    r"|[1-9][0-9]{5}(?:19|20)[0-9]{8,10}[0-9Xx]"
    r"|9[0-9A-Z]{7}MA[0-9A-Z]{8}"
    r"|(?:person-)?1[3-9][0-9]{9}"
    r"|person[0-9]{9,10}@example\.org"
    r"|(?:欧阳|司徒|上官|诸葛|令狐|慕容|端木|皇甫|尉迟|澹台|公孙|钟离)[一-鿿]{2}"
)
#: The first characters of the invented names that no text holds by chance, and characters for the last two.
RARE: Final = ("欧司上诸令慕端皇尉澹公钟", "旻昱昶晟晔暄曦煜烨燊珩珺琛琰瑄瑾璟璇瓒甯祎祺禛祯筠筱绮缦")


def needs_code(value: str) -> bool:
    """Whether a script needs :func:`another_checked` to replace the number: it ends with a check character."""
    return value[0].isdigit() and len(value) != 11


def can_change(value: str) -> bool:
    """Whether a value is an invented number or name that :func:`another` replaces."""
    return _FORMS.fullmatch(value) is not None


def another(value: str) -> str:
    """Another invented number or name of the same form, with the same flaw if it has one."""
    if value[0] in RARE[0]:
        return value[:2] + "".join(random.choices(RARE[1], k=2))
    name, at, host = value.partition("@")
    if name[0] in "Np" or len(value) == 11:
        return f"{name[:-8]}{random.randrange(10**8):08d}{at}{host}"
    return another_checked(value)


# fmt: off
def another_checked(value: str) -> str:
    import random
    card, code = value[8:10] != "MA", "0123456789ABCDEFGHJKLMNPQRTUWXY"
    letters, size = ("10X98765432", 11) if card else (code, 31)
    def total(first: str) -> int:
        weights = [pow(2, 17 - i, 11) if card else -pow(3, i, 31) for i in range(17)]
        return sum(code.find(c) * weight for c, weight in zip(first, weights, strict=True))
    new = value[:10] + "".join(random.choices(code, k=7))
    if card:
        day = f"{random.randint(1, 28):02d}" if "01" <= value[12:14] <= "28" else value[12:14]
        sex = random.randrange(5) * 2 + int(value[16]) % 2
        new = f"{value[:12]}{day}9{random.randrange(10)}{sex}"
    moved = letters.find(value[17].upper()) - total(value[:17])
    last = letters[(total(new) + moved) % size] if value[17].upper() in letters else value[17]
    return new + (last.lower() if value[17].islower() else last) + value[18:]
# fmt: on


def source() -> str:
    """The function :func:`another_checked` as code that a script can hold."""
    lines = inspect.getsource(another_checked).splitlines()
    code = "\n".join(["def another(value):", *lines[1:]])
    return code.replace("(first: str) -> int:", "(first):")
