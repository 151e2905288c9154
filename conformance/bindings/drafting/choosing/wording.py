"""What words say: their singular, whether a text has them, and whether a summary says nothing but an operation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from ..vocabulary import OperationWords, vocabulary

#: Two words that are one in paths and names: `Log in` is `/login`.
_PHRASES = re.compile(r"\b(?:(?:log|sign) (?:in|on|out|up|off)|take down|real name|face swap|swap face)\b", re.I)


def words_of(text: str) -> list[str]:
    """The words of a name, path or sentence, in lower case: camel case and separators cut, Chinese kept in runs.

    >>> words_of("POST /v1/createUser 注册账号")
    ['post', 'v1', 'create', 'user', '注册账号']
    """
    spaced = _PHRASES.sub(lambda match: match[0].replace(" ", ""), re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text))
    return [word.lower() for word in re.findall(r"[A-Za-z]+[0-9]*|[0-9]{1,40}[A-Za-z]+|[\u3400-\u9fff]+", spaced)]


#: Words and endpoints that are remembered: each is compared with every operation.
REMEMBERED = 20_000


#: Words in -use, whose plural is no plural of a word in -us.
_IN_USE = ("abuse", "cause", "clause", "pause", "house", "excuse", "reuse", "misuse")


@lru_cache(REMEMBERED)
def singular(word: str) -> str:
    word = word.lower()
    if word.endswith("us"):
        return word
    if word.endswith("uses"):
        return word[:-1] if word[:-1].endswith(_IN_USE) else word[:-2]
    return word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") and len(word) > 3 else word


@lru_cache(REMEMBERED)
def singulars(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(singular, words))


@cache
def neutral_words() -> frozenset[str]:
    return frozenset(vocabulary().naming.neutral.split())


def stands(word: str, found: Sequence[str], joined: str) -> bool:
    if not word.isascii():
        return any(word in each for each in found)
    if word in found or (len(word) >= 6 and word in joined):
        return True
    return singular(word) in singulars(tuple(found))


def is_plain_summary(words: OperationWords, summary: str) -> bool:
    """Whether the summary is a sentence whose verb and object are those of the operation, as in "Publish a text on the
    wall". What follows the object says where or how, and is passed over.
    """
    spoken = words_of(summary)
    if not spoken:
        return False
    if not spoken[0].isascii():
        return _is_plain_chinese(words, summary)
    verb, rest = singular(spoken[0]), spoken[1:]
    verbs = {each for each in (*words.verbs.split(), *words.alone.split()) if each.isascii()}
    if verb not in verbs and verb + "e" not in verbs and spoken[0] not in verbs:
        return False
    known = {singular(each) for group in (words.alone, words.nouns, words.about) for each in group.split()}
    named = False
    for word in rest:
        if word in _prepositions():
            break
        if singular(word) in known:
            named = True
        elif word not in neutral_words():
            return False
    alone = {singular(each) for each in words.alone.split()}
    return named or verb in alone


def _is_plain_chinese(words: OperationWords, summary: str) -> bool:
    """Whether a Chinese summary says nothing but the verb and object of an operation, as 发送对话消息 does."""
    known = [each for group in (words.alone, words.nouns, words.verbs) for each in group.split()]
    rest = re.sub(r"[\s、，。（）()]", "", summary)
    named = False
    for word in sorted((each for each in known if not each.isascii()), key=len, reverse=True):
        named = named or (word in rest and word not in words.verbs.split())
        rest = rest.replace(word, "")
    for word in vocabulary().naming.neutral_chinese.split():
        rest = rest.replace(word, "")
    return named and not rest


@cache
def _prepositions() -> frozenset[str]:
    return frozenset(vocabulary().naming.prepositions.split())
