"""The closed vocabularies that rules are written in. Values are what YAML and JSON carry."""

from __future__ import annotations

from enum import StrEnum


class Market(StrEnum):
    """Where a provider offers its service to the public."""

    CN = "cn"
    EU = "eu"
    US = "us"
    IN = "in"
    KR = "kr"
    VN = "vn"


class Obligor(StrEnum):
    """Who a rule binds. ``technical-supporter``: 技术支持者; ``app-store``: any distributor of apps."""

    PROVIDER = "provider"
    TECHNICAL_SUPPORTER = "technical-supporter"
    USER = "user"
    APP_STORE = "app-store"
    PLATFORM = "platform"
    REGULATOR = "regulator"


class Behaviour(StrEnum):
    """What kind of conduct a rule is about. The first four are the core level of the conformance suite."""

    LABELING = "labeling"
    CONSENT = "consent"
    REAL_NAME = "real-name"
    TAKEDOWN = "takedown"
    COMPLAINTS = "complaints"
    RUMOUR_REFUTATION = "rumour-refutation"
    PROHIBITED_CONTENT = "prohibited-content"
    DISCLOSURE = "disclosure"
    RECORDS = "records"
    FILING = "filing"
    GOVERNANCE = "governance"
    MINORS = "minors"
    USER_CONTROL = "user-control"


class Keyword(StrEnum):
    """How strongly a rule speaks: a duty, a recommendation, a power or permission."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Service(StrEnum):
    """The six technology classes of Art. 23 of the Deep Synthesis Provisions."""

    TEXT = "text"
    VOICE = "voice"
    NON_VOICE_AUDIO = "non-voice-audio"
    BIOMETRIC_IMAGE_VIDEO = "biometric-image-video"
    NON_BIOMETRIC_IMAGE_VIDEO = "non-biometric-image-video"
    DIGITAL_PERSON_SCENE = "digital-person-scene"


class Modality(StrEnum):
    """The five kinds of content of Art. 3 of the Labeling Measures."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    VIRTUAL_SCENE = "virtual-scene"


class SeenBy(StrEnum):
    """How a breach could be seen from outside: by probing an interface, in documents, or not at all."""

    PROBE = "probe"
    DOCUMENT = "document"
    NOBODY = "nobody"


class Verification(StrEnum):
    """How well a statement about the law is founded, from best to worst.

    ``verified``: the text itself, or a verbatim quotation of it, was read in a named source. ``secondary``: a
    summary or excerpt by a third party was read, not the text. ``inferred``: concluded from other statements.
    ``from-memory``: written down without reading any source again.
    """

    VERIFIED = "verified"
    SECONDARY = "secondary"
    INFERRED = "inferred"
    FROM_MEMORY = "from-memory"

    @property
    def rank(self) -> int:
        """0 for the best founded status; higher is weaker."""
        return list(Verification).index(self)


class CourtState(StrEnum):
    """The judicial status of a rule. ``blocked`` rules have no effect; those under challenge still do."""

    IN_FORCE = "in-force"
    UNDER_CHALLENGE = "under-challenge"
    BLOCKED = "blocked"


class Trait(StrEnum):
    """Facts about a service that decide which rules reach it, beside market, role and service class."""

    COMPANION = "companion"
    VIRTUAL_HUMAN = "virtual-human"
    EMOTION_RECOGNITION = "emotion-recognition"
    MCN = "mcn"
    ADVERTISING = "advertising"
    PUBLIC_OPINION = "public-opinion"
    PUBLISHING = "publishing"
    RECOMMENDER = "recommender"
    MINORS = "minors"
    TRAINING = "training"
    LICENSING = "licensing"
    FACES_OR_VOICES = "faces-or-voices"
    STANDARD_EDITING = "standard-editing"
    OBVIOUSLY_AI = "obviously-ai"

    @property
    def special(self) -> bool:
        """Whether a rule with this trait reaches only services that say they have it. The other traits are
        common: a rule reaches a service unless it says that it lacks the trait."""
        return self in _SPECIAL


_SPECIAL = frozenset(
    {
        Trait.COMPANION,
        Trait.VIRTUAL_HUMAN,
        Trait.EMOTION_RECOGNITION,
        Trait.MCN,
        Trait.ADVERTISING,
        Trait.STANDARD_EDITING,
        Trait.OBVIOUSLY_AI,
    }
)


class PackStatus(StrEnum):
    DRAFT = "draft"
    IN_FORCE = "in-force"


class Step(StrEnum):
    """When a rung of a penalty is reached."""

    FIRST = "first"
    REFUSAL_OR_SERIOUS = "refusal-or-serious"
    ESPECIALLY_SERIOUS = "especially-serious"
    REPEATED = "repeated"


class Measure(StrEnum):
    """What an authority may impose in addition to a fine, or a court may grant."""

    INTERVIEW = "interview"
    WARNING = "warning"
    PUBLIC_NOTICE = "public-notice"
    ORDER_TO_RECTIFY = "order-to-rectify"
    CONFISCATION = "confiscation"
    ORDER_APP_TO_STOP = "order-app-to-stop"
    SUSPEND_UPDATES = "suspend-updates"
    SUSPEND_REGISTRATION = "suspend-registration"
    SUSPEND_SERVICE = "suspend-service"
    SUSPEND_BUSINESS = "suspend-business"
    CLOSE_SITE_OR_APP = "close-site-or-app"
    APP_REMOVAL = "app-removal"
    REVOKE_LICENCE = "revoke-licence"
    REVOKE_FILING = "revoke-filing"
    STAFF_BAN = "staff-ban"
    PUBLIC_SECURITY_PENALTY = "public-security-penalty"
    CRIMINAL_REFERRAL = "criminal-referral"
    PRIVATE_ACTION = "private-action"
    LOSS_OF_SAFE_HARBOUR = "loss-of-safe-harbour"


class Currency(StrEnum):
    RMB = "RMB"
    EUR = "EUR"
    USD = "USD"
    KRW = "KRW"


class FineOn(StrEnum):
    """Which breach a fine first attaches to."""

    FIRST_VIOLATION = "first-violation"
    REFUSAL_OR_SERIOUS = "refusal-or-serious"


class Per(StrEnum):
    """What a fine is counted by."""

    CASE = "case"
    VIOLATION = "violation"
    DAY = "day"
    VIOLATION_AND_DAY = "violation-and-day"


class Effect(StrEnum):
    """What a penalty entry does: lay down a ladder, refer to other laws, or bound discretion."""

    LADDER = "ladder"
    REFERRAL = "referral"
    DISCRETION = "discretion"
