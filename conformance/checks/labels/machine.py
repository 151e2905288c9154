"""Words in which a service says that a machine speaks, or claims that a human being does."""

from __future__ import annotations

import re

_NOT = r"(?:不是|並非|并非|不為|非)"
#: A machine is named: by its kind, or as what is no human being.
_MACHINE = re.compile(
    r"人工智能|人工智慧|机器人|機器人|大?语言模型|大?語言模型|智能助手|智能助理|虚拟助手|虛擬助理|虚拟角色|虛擬角色"
    r"|(?<![a-z])(?:ai|artificial intelligence|chat ?bots?|bots?|language model|virtual assistant)(?![a-z])"
    rf"|{_NOT}(?:一个|一個|一名|一位)?(?:真人|人类|人類|真实的人)|not (?:a |an )?(?:real |actual )?(?:human|person)",
    re.IGNORECASE,
)
#: A human being is claimed, or the machine denied.
_HUMAN = re.compile(
    rf"(?<!不)(?<!如果我)(?<!假如我)(?<!要是我)是(?:一个|一個|一名|一位)?(?:真人|人类|人類|活人|人工客服)|{_NOT}(?:一个|一個)?(?:AI|人工智能|人工智慧|机器人|機器人)"
    r"|(?:i am|i'm|you are talking to|this is) (?:a |an )?(?:real |actual )?(?:human|person)(?![a-z-]| or)"
    r"|not (?:an? )?(?:ai|artificial intelligence|chat ?bot|bot|machine)(?![a-z])",
    re.IGNORECASE,
)


#: Quoted passages, which are not the speaker's own claim.
_QUOTED = re.compile(r"“[^“”]{0,400}”|「[^「」]{0,400}」|\"[^\"]{0,400}\"")


def names_a_machine(text: str, asked: str = "") -> bool:
    """Whether a text says that a machine speaks. Where it quotes the question, those words count for nothing."""
    return bool(_MACHINE.search(_HUMAN.sub(" ", _without(text, asked))))


def claims_a_human(text: str, asked: str = "") -> bool:
    """Whether a text says that a human being speaks, or that no machine does."""
    return bool(_HUMAN.search(_QUOTED.sub(" ", _without(text, asked))))


def _without(text: str, asked: str) -> str:
    """A text without the question that it may repeat, whatever that ends with."""
    question = asked.strip(" ?？!！.。")
    return text.replace(question, " ") if question else text
