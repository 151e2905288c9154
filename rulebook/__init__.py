"""The law as data: packs of rules, penalties and deadlines.

>>> from shenhe.rulebook import load_rulebook
>>> load_rulebook().rule("cn-dsp-2023/16.1").behaviour
<Behaviour.LABELING: 'labeling'>
"""

from .book import Rulebook, RulebookError, load_rulebook, pack_schema, read_pack
from .pack import Pack
from .penalty import Fine, Penalty, Rung
from .rule import Applies, Deadline, PenaltyLink, Rule, Source, Text, Transition
from .vocabulary import (
    Behaviour,
    Currency,
    Effect,
    FineOn,
    Keyword,
    Market,
    Measure,
    Modality,
    Obligor,
    PackStatus,
    Per,
    SeenBy,
    Service,
    Step,
    Verification,
)

__all__ = [
    "Applies",
    "Behaviour",
    "Currency",
    "Deadline",
    "Effect",
    "Fine",
    "FineOn",
    "Keyword",
    "Market",
    "Measure",
    "Modality",
    "Obligor",
    "Pack",
    "PackStatus",
    "Penalty",
    "PenaltyLink",
    "Per",
    "Rule",
    "Rulebook",
    "RulebookError",
    "Rung",
    "SeenBy",
    "Service",
    "Source",
    "Step",
    "Text",
    "Transition",
    "Verification",
    "load_rulebook",
    "pack_schema",
    "read_pack",
]
