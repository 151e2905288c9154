"""Invented persons with identity numbers that are well-formed, and what is wrong with one that is not.

The numbers follow GB 11643-1999 (resident identity card: region, birth date, sequence, ISO 7064 MOD 11-2 check
character) and GB 32100-2015 (unified social credit code, MOD 31-3), so that they pass a provider's own
validation. Sequence numbers lie in 900-999, which offices hand out last, to keep them away from real people.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..provider import Identity, IdentityMethod, Subject

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Counties whose codes python-stdnum knows for every year of birth used here: most were first given in 1983.
REGIONS = (
    "110101",
    "110105",
    "120101",
    "210102",
    "310101",
    "320106",
    "330106",
    "370102",
    "420106",
    "440104",
    "610102",
)
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: The characters that a number can end with, where the last one checks the rest.
_CHECK_CHARACTERS = {IdentityMethod.ID_CARD: "0123456789X", IdentityMethod.USCC: _USCC_ALPHABET}
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
#: After so many persons a row may give a birth date and sequence number again.
ROW = 146_000
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

    ``born`` may be eight digits that are no date, to make a number that is wrong in that alone.
    """
    birth = born if isinstance(born, str) else f"{born:%Y%m%d}"
    digits = f"{region}{birth}{sequence:03d}"
    return digits + id_check_character(digits)


def uscc_check_character(first_17: str) -> str:
    """The check character of a unified social credit code for its first 17 characters."""
    total = sum(_USCC_ALPHABET.index(char) * weight for char, weight in zip(first_17, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-total % 31]


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
    wanted = id_check_character(number[:17])
    return None if number[17] == wanted else f"check character {number[17]}, and {wanted} is right"


def _uscc_flaw(number: str) -> str | None:
    if len(number) != 18:
        return f"a unified social credit code has 18 characters, this has {len(number)}"
    if any(char not in _USCC_ALPHABET for char in number):
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
    """Somebody who does not exist."""

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
        """This person as somebody whose face or voice is edited."""
        return Subject(id=f"person-{self.phone}", name=self.name, minor=self.minor(on))


class Persons:
    """An endless row of invented persons: the same for the same seed, no two alike.

    ``first`` is how many persons of the row are left to others: rows of one seed that start far enough apart
    (up to :data:`ROW` in all) share nobody.
    """

    def __init__(self, seed: int = 0, first: int = 0) -> None:
        self._seed = seed
        self._made = first

    def adult(self) -> Person:
        """The next person, born 1984 to 2003."""
        return self._next(_ADULTS_BORN)

    def minor(self) -> Person:
        """The next person, born 2016 to 2019: a minor until 2034."""
        return self._next(_MINORS_BORN)

    def _next(self, years: tuple[date, date]) -> Person:
        self._made += 1
        random = Random(f"person/{self._seed}/{self._made}")
        first, last = years
        # The counter stands in the numbers themselves, so that no two persons of a row share one.
        born = first + timedelta(days=(self._seed * 101 + self._made * 37) % ((last - first).days + 1))
        tail = f"{(self._seed * 7919 + self._made) % 10**6:06d}"
        return Person(
            name=_name(random.randrange(2**31)),
            born=born,
            id_number=id_number(random.choice(REGIONS), born, 900 + self._made % 100),
            phone=f"1{random.choice('3456789')}{random.randrange(1000):03d}{tail}",
            uscc=uscc(random.choice(REGIONS), f"MA{random.choice('0123456789')}{tail}"),
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


# --- strategies -----------------------------------------------------------------------------------------------


def adults() -> SearchStrategy[Person]:
    """Adults, shrinking to one plain person."""
    from hypothesis import strategies as st

    return st.integers(0, 9999).map(lambda seed: Persons(seed).adult())


def minors() -> SearchStrategy[Person]:
    """Minors, shrinking to one plain person."""
    from hypothesis import strategies as st

    return st.integers(0, 9999).map(lambda seed: Persons(seed).minor())


def holders() -> SearchStrategy[Person]:
    """People of every age that an identity card is given at: adults and minors of the rows, the aged, and those
    whose years a provider may treat in a way of its own (16, 18, born in another century).
    """
    from hypothesis import strategies as st

    def born(drawn: tuple[Person, int, int]) -> Person:
        person, year, day = drawn
        birth = date(year, 1, 1) + timedelta(days=day)
        number = id_number(person.id_number[:6], birth, int(person.id_number[14:17]))
        return replace(person, born=birth, id_number=number)

    years = st.sampled_from((1938, 1955, 1969, 1979, 1999, 2000, 2007, 2008, 2009, 2010, 2023))
    aged = st.tuples(adults(), years, st.integers(0, 364)).map(born)
    return st.sampled_from((adults(), adults(), minors(), aged)).flatmap(lambda people: people)


def near_misses(method: IdentityMethod) -> SearchStrategy[Identity]:
    """Identities that are right but for the check character: what a provider passes that looks at the form alone, or
    asks for the check only of some holders or in some provinces. Only cards and credit codes have one.
    """
    from hypothesis import strategies as st

    alphabet = _CHECK_CHARACTERS[method]

    def mistyped(drawn: tuple[Person, int]) -> Identity:
        person, by = drawn
        identity = person.identity(method)
        wrong = alphabet[(alphabet.index(identity.number[-1]) + by) % len(alphabet)]
        return replace(identity, number=identity.number[:-1] + wrong)

    return st.tuples(holders(), st.integers(1, len(alphabet) - 1)).map(mistyped)


def flawed_identities(method: IdentityMethod) -> SearchStrategy[Identity]:
    """Identities of one method that are wrong in one place or altogether; where there is a check character, most are
    wrong in that alone.

    A few come out valid by chance: judge by :func:`flaw`.
    """
    from hypothesis import strategies as st

    whole = adults().map(lambda person: person.identity(method))
    alphabet = {
        IdentityMethod.ID_CARD: "0123456789X",
        IdentityMethod.USCC: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    }.get(method, "0123456789")

    def words(least: int, most: int) -> SearchStrategy[str]:
        # Not `text`: that reads the whole of Unicode first, which takes most of a second.
        return st.lists(st.sampled_from(alphabet), min_size=least, max_size=most).map("".join)

    def changed(drawn: tuple[Identity, int, str]) -> Identity:
        identity, place, char = drawn
        place %= len(identity.number)
        return Identity(method, identity.number[:place] + char + identity.number[place + 1 :], identity.name)

    def swapped(drawn: tuple[Identity, int]) -> Identity:
        identity, place = drawn
        place %= len(identity.number) - 1
        number = identity.number
        return Identity(method, number[:place] + number[place + 1] + number[place] + number[place + 2 :], identity.name)

    def resized(drawn: tuple[Identity, int, str]) -> Identity:
        identity, cut, more = drawn
        return Identity(method, identity.number[: len(identity.number) - cut] + more, identity.name)

    ways = [
        st.tuples(whole, st.integers(0, 17), st.sampled_from(alphabet)).map(changed),
        st.tuples(whole, st.integers(0, 16)).map(swapped),
        st.tuples(whole, st.integers(0, 6), words(0, 4)).map(resized),
        st.tuples(whole, words(1, 20)).map(lambda drawn: Identity(method, drawn[1], drawn[0].name)),
    ]
    if method is IdentityMethod.ID_CARD:
        ways.append(_born_on_no_day(whole))
    if method in _CHECK_CHARACTERS:
        # `one_of` would take each way once, however often it is named.
        ways = [near_misses(method)] * (2 * len(ways)) + ways
    return st.sampled_from(ways).flatmap(lambda way: way)


def _born_on_no_day(whole: SearchStrategy[Identity]) -> SearchStrategy[Identity]:
    """Numbers whose check character is right and whose birth date is not."""
    from hypothesis import strategies as st

    def remade(drawn: tuple[Identity, int, int, int]) -> Identity:
        identity, year, month, day = drawn
        born = f"{year:04d}{month:02d}{day:02d}"
        number = id_number(identity.number[:6], born, int(identity.number[14:17]))
        return Identity(identity.method, number, identity.name)

    impossible = st.one_of(
        st.tuples(whole, st.integers(1950, 2010), st.integers(13, 99), st.integers(1, 28)),
        st.tuples(whole, st.integers(1950, 2010), st.integers(1, 12), st.integers(32, 99)),
        st.tuples(whole, st.integers(1950, 2010), st.just(2), st.integers(30, 31)),
        st.tuples(whole, st.integers(2100, 9999), st.integers(1, 12), st.integers(1, 28)),
    )
    return impossible.map(remade)
