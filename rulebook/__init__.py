"""The law as data: packs of rules, penalties and deadlines.

>>> from shenhe.rulebook import load_rulebook
>>> load_rulebook().rule("cn-dsp-2023/16.1").behaviour
<Behaviour.LABELING: 'labeling'>
"""

from .book import Rulebook, RulebookError, Versions, load_rulebook, pack_schema, reaches, read_pack
from .pack import KeyDate, Pack
from .penalty import Fine, Penalty, Rung
from .rule import Applies, CourtEvent, Deadline, PenaltyLink, Reading, Rule, Source, Text, Transition
from .vocabulary import (
    Behaviour,
    CourtState,
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
    Trait,
    Verification,
)

__all__ = [
    "Applies",
    "Behaviour",
    "CourtEvent",
    "CourtState",
    "Currency",
    "Deadline",
    "Effect",
    "Fine",
    "FineOn",
    "KeyDate",
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
    "Reading",
    "Rule",
    "Rulebook",
    "RulebookError",
    "Rung",
    "SeenBy",
    "Service",
    "Source",
    "Step",
    "Text",
    "Trait",
    "Transition",
    "Verification",
    "Versions",
    "load_rulebook",
    "pack_schema",
    "reaches",
    "read_pack",
]
