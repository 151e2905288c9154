"""Invented people with well-formed identity numbers, and what is wrong with a number that is not.

The numbers follow GB 11643-1999 (resident identity card: region, birth date, sequence, ISO 7064 MOD 11-2 check
character) and GB 32100-2015 (unified social credit code, MOD 31-3), so that they pass a provider's own
validation. Sequence numbers lie in 900-999, which offices hand out last, to keep them away from real people.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from threading import Lock
from typing import Any

from ..entities import Identity, IdentityMethod, Subject

#: Counties whose codes python-stdnum knows for every year of birth used here.
REGIONS = (
    "110101",
    "110102",
    "110105",
    "110106",
    "120101",
    "120102",
    "120103",
    "120104",
    "140121",
    "140122",
    "140123",
    "150121",
    "152221",
    "152522",
    "152527",
    "210224",
    "210421",
    "210727",
    "210922",
    "222401",
    "222402",
    "222424",
    "222426",
    "230722",
    "232721",
    "310101",
    "310104",
    "310105",
    "310106",
    "330122",
    "330127",
    "340121",
    "340421",
    "340621",
    "350121",
    "360121",
    "422822",
    "422823",
    "422825",
    "422826",
    "430121",
    "433122",
    "433124",
    "433126",
    "510121",
    "513231",
    "513330",
    "513423",
    "520203",
    "522626",
    "522633",
    "522725",
    "530124",
    "532523",
    "532624",
    "532926",
    "540121",
    "540124",
    "542522",
    "542525",
    "610323",
    "610326",
    "610328",
    "610330",
    "620121",
    "622922",
    "622926",
    "623023",
    "632221",
    "632521",
    "632622",
    "632723",
    "640121",
    "640122",
    "640221",
    "650121",
    "652824",
    "652928",
    "653126",
)
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
#: One source of names serves all threads.
_NAMING = Lock()
_ADULTS_BORN = (date(1984, 1, 1), date(2003, 12, 31))
_MINORS_BORN = (date(2016, 1, 1), date(2019, 12, 31))


# --- numbers --------------------------------------------------------------------------------------------------


def id_check_character(first_17: str) -> str:
    """The check character of a resident identity number (ISO 7064 MOD 11-2) for its first 17 digits."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return "10X98765432"[total % 11]


def id_number(region: str, born: date | str, sequence: int) -> str:
    """An 18-character resident identity number.

    ``born`` may be eight digits that are no date, to make a number that is wrong only in that.
    """
    birth = born if isinstance(born, str) else f"{born:%Y%m%d}"
    digits = f"{region}{birth}{sequence:03d}"
    return digits + id_check_character(digits)


def uscc_check_character(first_17: str) -> str:
    """The check character of a unified social credit code for its first 17 characters."""
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(first_17, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def uscc(region: str, organisation: str) -> str:
    """The code of an enterprise (``91``) in a region; ``organisation`` is nine of the alphabet's characters."""
    body = f"91{region}{organisation}"
    return body + uscc_check_character(body)


def flaw(identity: Identity, on: date) -> str | None:
    """Why this identity cannot be anybody's, or ``None``.

    Only what no reading of the law can excuse counts: length, characters, a birth date that does not exist or
    lies after ``on``, the check character, an empty number, a method that Art. 9 does not list. Width, case and
    spaces are normalised first, as a lenient provider may.
    """
    number = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", identity.number)).upper()
    if not number:
        return "the number is empty"
    match identity.method:
        case IdentityMethod.ID_CARD:
            return _id_flaw(number, on)
        case IdentityMethod.USCC:
            return _uscc_flaw(number)
        case IdentityMethod.PHONE:
            return _phone_flaw(number)
        case IdentityMethod.EMAIL:
            return "an e-mail address is not one of the methods of Art. 9"
        case IdentityMethod.NATIONAL_NETWORK_ID:
            return None


def _id_flaw(number: str, on: date) -> str | None:
    if len(number) == 15 and number.isascii() and number.isdigit():
        return None  # the form of before 1999; whether it still counts is not for this suite to say
    if len(number) != 18:
        return f"a resident identity number has 18 characters, this has {len(number)}"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return "a resident identity number is 17 digits and a digit or X"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return f"{number[6:14]} is no date"
    if not date(1880, 1, 1) <= born <= on:
        return f"born {born.isoformat()}, which no living person is"
    if number[0] == "0":
        return "the code of no province begins with 0"
    wanted = id_check_character(number[:17])
    return None if number[17] == wanted else f"check character {number[17]}, and {wanted} is right"


def _uscc_flaw(number: str) -> str | None:
    if len(number) != 18:
        return f"a unified social credit code has 18 characters, this has {len(number)}"
    if any(char not in USCC_ALPHABET for char in number):
        return "a unified social credit code has digits and capitals other than I, O, S, V, Z"
    wanted = uscc_check_character(number[:17])
    return None if number[17] == wanted else f"check character {number[17]}, and {wanted} is right"


def _phone_flaw(number: str) -> str | None:
    digits = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", number)
    if not re.fullmatch(r"[0-9]+", digits):
        return "a mobile number is digits"
    if len(digits) != 11:
        return f"a mobile number has 11 digits, this has {len(digits)}"
    return None if re.match(r"1[3-9]", digits) else f"no mobile number begins with {digits[:2]}"


# --- persons --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """A person who does not exist."""

    name: str
    born: date
    id_number: str
    phone: str
    #: The code of a company of theirs.
    uscc: str

    def identity(self, method: IdentityMethod = IdentityMethod.ID_CARD) -> Identity:
        """What this person presents to say who they are."""
        number = {
            IdentityMethod.ID_CARD: self.id_number,
            IdentityMethod.USCC: self.uscc,
            IdentityMethod.PHONE: self.phone,
            IdentityMethod.NATIONAL_NETWORK_ID: f"NNID{self.id_number[:17]}{self.phone[1:]}",
            IdentityMethod.EMAIL: f"person{self.phone[1:]}@example.org",
        }[method]
        return Identity(method, number, self.name)

    def minor(self, on: date) -> bool:
        """Whether they are under 18 on that day."""
        eighteenth = self.born.replace(year=self.born.year + 18, day=min(self.born.day, 28))
        return on < eighteenth

    def subject(self, on: date) -> Subject:
        """This person as the subject of an edit of a face or voice."""
        return Subject(id=f"person-{self.phone}", name=self.name, minor=self.minor(on), number=self.id_number)


class Taken:
    """The numbers of the people invented so far, so that no two people share one. May be used from several threads."""

    def __init__(self) -> None:
        self._numbers: set[str] = set()
        self._lock = Lock()

    def add(self, person: Person) -> bool:
        """Keep the numbers of a person; false, and nothing kept, if another person has one of them."""
        numbers = {person.id_number, person.phone, person.uscc}
        with self._lock:
            if not self._numbers.isdisjoint(numbers):
                return False
            self._numbers |= numbers
            return True


class Persons:
    """An endless row of invented people: the same for the same seed and scope.

    No two people of rows that share one ``taken`` have a number in common.
    """

    def __init__(self, seed: int | str = 0, scope: str = "", taken: Taken | None = None) -> None:
        self._row = f"{seed}/{scope}"
        self._made = 0
        self._taken = taken if taken is not None else Taken()

    def adult(self) -> Person:
        """The next person, born 1984 to 2003."""
        return self._next(_ADULTS_BORN)

    def minor(self) -> Person:
        """The next person, born 2016 to 2019: a minor until 2034."""
        return self._next(_MINORS_BORN)

    def _next(self, years: tuple[date, date]) -> Person:
        self._made += 1
        attempt = 0
        while True:
            person = _person(Random(f"person/{self._row}/{self._made}/{attempt}"), years)
            if self._taken.add(person):
                return person
            attempt += 1


def _person(random: Random, years: tuple[date, date]) -> Person:
    first, last = years
    born = first + timedelta(days=random.randrange((last - first).days + 1))
    organisation = "".join(random.choices(USCC_ALPHABET, k=7))
    return Person(
        name=_name(random.randrange(2**31)),
        born=born,
        id_number=id_number(random.choice(REGIONS), born, random.randrange(900, 1000)),
        phone=f"1{random.choice('3456789')}{random.randrange(10**9):09d}",
        uscc=uscc(random.choice(REGIONS), f"MA{organisation}"),
    )


def _name(seed: int) -> str:
    with _NAMING:
        faker = _faker()
        faker.seed_instance(seed)
        return str(faker.name())


@cache
def _faker() -> Any:
    from faker import Faker

    return Faker("zh_CN")
