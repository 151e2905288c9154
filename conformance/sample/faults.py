"""Ways in which the sample provider can break the law, each a single change of behaviour with a name.

The provider obeys by default. A fault is switched on when the application is made, never by a request, and is
consulted at the very place where the behaviour lives. ``rules`` are the clauses that fail while it is on:
those and no others.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..verdict import Level


class FaultName(StrEnum):
    """The names, as a command line writes them."""

    TEXT_UNLABELLED = "text-unlabelled"
    TEXT_LABEL_WITHOUT_GENERATION_ELEMENT = "text-label-without-generation-element"
    TEXT_LABEL_INVISIBLE = "text-label-invisible"
    TEXT_UNLABELLED_WHEN_ASKED = "text-unlabelled-when-asked"
    EXPORT_UNLABELLED = "export-unlabelled"
    IMPLICIT_LABEL_MISSING_PNG = "implicit-label-missing-png"
    IMPLICIT_LABEL_MISSING_JPEG = "implicit-label-missing-jpeg"
    IMPLICIT_LABEL_MISSING_WAV = "implicit-label-missing-wav"
    IMPLICIT_LABEL_MISSPELT_KEY = "implicit-label-misspelt-key"
    IMPLICIT_LABEL_WRAPPED_TWICE = "implicit-label-wrapped-twice"
    LABEL_VALUE_NUMBER = "label-value-number"
    LABEL_VALUE_SUSPECTED = "label-value-suspected"
    CONTENT_PRODUCER_EMPTY = "content-producer-empty"
    PRODUCE_ID_REUSED = "produce-id-reused"
    PRODUCE_ID_EMPTY = "produce-id-empty"
    PRODUCE_ID_WITH_SPACES = "produce-id-with-spaces"
    PROPAGATOR_DIFFERS = "propagator-differs"
    PROVIDER_CODE_CHECKSUM = "provider-code-checksum"
    TWO_IMPLICIT_LABELS = "two-implicit-labels"
    UPLOAD_STRIPS_LABELS = "upload-strips-labels"
    UNLABELLED_COPY_FREELY = "unlabelled-copy-freely"
    UNLABELLED_COPY_BARE = "unlabelled-copy-bare"
    PICTURE_UNLABELLED = "picture-unlabelled"
    PICTURE_LABEL_SMALL = "picture-label-small"
    PICTURE_LABEL_IN_THE_MIDDLE = "picture-label-in-the-middle"
    VOICE_UNLABELLED = "voice-unlabelled"
    AGREEMENT_SILENT = "agreement-silent"
    CHAT_UNDISCLOSED = "chat-undisclosed"

    EDIT_WITHOUT_CONSENT = "edit-without-consent"
    CONSENT_PROMPT_MISSING = "consent-prompt-missing"
    CONSENT_FOR_ANYONE = "consent-for-anyone"
    CONSENT_FOR_ANY_SCOPE = "consent-for-any-scope"
    CONSENT_BORROWED = "consent-borrowed"
    CONSENT_OUTLIVES_REVOCATION = "consent-outlives-revocation"

    PUBLISH_UNVERIFIED = "publish-unverified"
    PUBLISH_ANONYMOUS = "publish-anonymous"
    DELETED_ACCOUNT_PUBLISHES = "deleted-account-publishes"
    VERIFIED_BY_HEADER = "verified-by-header"
    ID_CHECKSUM_IGNORED = "id-checksum-ignored"
    ID_BIRTHDATE_IGNORED = "id-birthdate-ignored"
    USCC_CHECKSUM_IGNORED = "uscc-checksum-ignored"
    PHONE_ANY_DIGITS = "phone-any-digits"
    EMAIL_SUFFICES = "email-suffices"
    EMPTY_IDENTITY = "empty-identity"

    REPORT_NEEDS_ACCOUNT = "report-needs-account"
    REPORT_WITHOUT_RECEIPT = "report-without-receipt"
    REPORT_UNDECIDED = "report-undecided"
    REPORT_DECIDED_LATE = "report-decided-late"
    DECISION_WITHOUT_REASONS = "decision-without-reasons"
    PAGE_SURVIVES = "page-survives"
    FEED_SURVIVES = "feed-survives"
    THUMBNAIL_SURVIVES = "thumbnail-survives"
    DOWNLOAD_SURVIVES = "download-survives"
    SHARE_SURVIVES = "share-survives"
    SEARCH_SURVIVES = "search-survives"
    INTIMATE_IMAGE_AFTER_72_HOURS = "intimate-image-after-72-hours"
    COPIES_SURVIVE = "copies-survive"
    ANY_REPORT_REMOVES = "any-report-removes"
    APPEAL_IGNORED = "appeal-ignored"
    TIME_LIMIT_UNPUBLISHED = "time-limit-unpublished"


#: What only shows in the pixels or sounds in the samples.
_SEEN_OR_HEARD = frozenset(
    {
        FaultName.PICTURE_UNLABELLED,
        FaultName.PICTURE_LABEL_SMALL,
        FaultName.PICTURE_LABEL_IN_THE_MIDDLE,
        FaultName.VOICE_UNLABELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken behaviour: its name, what it does in a sentence, which behaviour of the law it concerns,
    which rules then fail, and the lowest level of a run that sees it.
    """

    name: FaultName
    summary: str
    behaviour: str
    rules: frozenset[str]
    level: Level = Level.CORE


def _table(behaviour: str, entries: Mapping[FaultName, tuple[str, Iterable[str]]]) -> dict[FaultName, Fault]:
    return {
        name: Fault(name, summary, behaviour, frozenset(rules), Level.FULL if name in _SEEN_OR_HEARD else Level.CORE)
        for name, (summary, rules) in entries.items()
    }


_TEXT = ("cn-dsp-2023/17.1.1", "cn-labeling-2025/4.1.1", "cn-labeling-2025/gb-5.1.a")
_IMPLICIT = ("cn-dsp-2023/16.1", "cn-labeling-2025/5.1", "eu-ai-act-50/50.2")

_LABELING = _table(
    "labeling",
    {
        FaultName.TEXT_UNLABELLED: ("Generated text carries no label.", _TEXT),
        FaultName.TEXT_LABEL_WITHOUT_GENERATION_ELEMENT: (
            "The label of a text names the assistant and does not say that the text was generated.",
            _TEXT,
        ),
        FaultName.TEXT_LABEL_INVISIBLE: (
            "The label of a text is broken up by characters of no width.",
            ("cn-labeling-2025/gb-5.1.b",),
        ),
        FaultName.TEXT_UNLABELLED_WHEN_ASKED: ("A prompt that asks to leave the label out is obeyed.", _TEXT),
        FaultName.EXPORT_UNLABELLED: (
            "The exported copy has lost its visible label.",
            ("cn-labeling-2025/4.2",),
        ),
        FaultName.IMPLICIT_LABEL_MISSING_PNG: ("PNG pictures carry no metadata label.", _IMPLICIT),
        FaultName.IMPLICIT_LABEL_MISSING_JPEG: ("JPEG pictures carry no metadata label.", _IMPLICIT),
        FaultName.IMPLICIT_LABEL_MISSING_WAV: ("WAV sounds carry no metadata label.", _IMPLICIT),
        FaultName.IMPLICIT_LABEL_MISSPELT_KEY: (
            "One key of the metadata label is misspelt (ReserveCode1).",
            ("cn-labeling-2025/gb-e.b",),
        ),
        FaultName.IMPLICIT_LABEL_WRAPPED_TWICE: (
            "The metadata label is a string of JSON inside JSON of the same name.",
            ("cn-labeling-2025/gb-e.b",),
        ),
        FaultName.LABEL_VALUE_NUMBER: (
            "The Label value is a number where a string is prescribed.",
            ("cn-labeling-2025/gb-e.c",),
        ),
        FaultName.LABEL_VALUE_SUSPECTED: (
            "What the provider itself generated is only declared suspected.",
            ("cn-labeling-2025/gb-e.c",),
        ),
        FaultName.CONTENT_PRODUCER_EMPTY: (
            "The metadata label names no producer.",
            ("cn-labeling-2025/gb-e.content-producer",),
        ),
        FaultName.PRODUCE_ID_REUSED: (
            "All files carry the same content number.",
            ("cn-labeling-2025/gb-e.produce-id",),
        ),
        FaultName.PRODUCE_ID_EMPTY: (
            "The metadata label has no content number.",
            ("cn-labeling-2025/gb-e.produce-id",),
        ),
        FaultName.PRODUCE_ID_WITH_SPACES: (
            "The content number contains spaces.",
            ("cn-labeling-2025/gb-e.j",),
        ),
        FaultName.PROPAGATOR_DIFFERS: (
            "A file fresh from the producer already names somebody else as its propagator.",
            ("cn-labeling-2025/gb-e.propagator",),
        ),
        FaultName.PROVIDER_CODE_CHECKSUM: (
            "The provider code contains a credit code whose check digit is wrong.",
            ("cn-labeling-2025/provider-code",),
        ),
        FaultName.TWO_IMPLICIT_LABELS: (
            "Files carry the metadata label twice.",
            ("cn-labeling-2025/gb-6.1.c",),
        ),
        FaultName.UPLOAD_STRIPS_LABELS: (
            "An uploaded file is re-encoded and loses its labels.",
            ("cn-dsp-2023/18", "cn-labeling-2025/10.2"),
        ),
        FaultName.UNLABELLED_COPY_FREELY: (
            "The copy without visible label is handed out before anything was agreed.",
            ("cn-labeling-2025/9.1",),
        ),
        FaultName.UNLABELLED_COPY_BARE: (
            "The copy without visible label has lost the metadata label too.",
            ("cn-labeling-2025/9.3",),
        ),
        FaultName.PICTURE_UNLABELLED: (
            "Pictures show no label.",
            ("cn-dsp-2023/17.1.3", "cn-labeling-2025/4.1.3", "cn-labeling-2025/gb-5.2.a"),
        ),
        FaultName.PICTURE_LABEL_SMALL: (
            "The label in pictures is lower than a twentieth of the shortest side.",
            ("cn-labeling-2025/gb-5.2.e",),
        ),
        FaultName.PICTURE_LABEL_IN_THE_MIDDLE: (
            "The label stands in the middle of pictures.",
            ("cn-labeling-2025/gb-5.2.d",),
        ),
        FaultName.VOICE_UNLABELLED: (
            "Nothing is heard that says a voice is synthetic.",
            ("cn-dsp-2023/17.1.2", "cn-labeling-2025/4.1.2", "cn-labeling-2025/gb-5.3.a"),
        ),
        FaultName.AGREEMENT_SILENT: ("The user agreement does not speak of labels.", ("cn-labeling-2025/8",)),
        FaultName.CHAT_UNDISCLOSED: (
            "Nobody is told that the other side of the conversation is a machine.",
            ("eu-ai-act-50/50.1", "cn-labeling-2025/gb-5.6"),
        ),
    },
)

_CONSENT = _table(
    "consent",
    {
        name: (summary, ("cn-dsp-2023/14.2",))
        for name, summary in {  # one clause, six ways round it
            FaultName.EDIT_WITHOUT_CONSENT: "Faces and voices are edited although no consent is named.",
            FaultName.CONSENT_PROMPT_MISSING: "The refusal does not prompt to obtain separate consent.",
            FaultName.CONSENT_FOR_ANYONE: "The consent of one person opens every other face and voice.",
            FaultName.CONSENT_FOR_ANY_SCOPE: "A consent to edit the face opens the voice, and vice versa.",
            FaultName.CONSENT_BORROWED: "A consent given to one account serves every other account.",
            FaultName.CONSENT_OUTLIVES_REVOCATION: "A revoked consent is still honoured.",
        }.items()
    },
)

_PUBLISHING = ("cn-dsp-2023/9.2",)
_IDENTITY = ("cn-dsp-2023/9.1",)

_REAL_NAME = _table(
    "real-name",
    {
        FaultName.PUBLISH_UNVERIFIED: ("Accounts publish before their identity is verified.", _PUBLISHING),
        FaultName.PUBLISH_ANONYMOUS: ("Somebody who is not signed in can publish.", _PUBLISHING),
        FaultName.DELETED_ACCOUNT_PUBLISHES: ("The token of a deleted account still publishes.", _PUBLISHING),
        FaultName.VERIFIED_BY_HEADER: (
            "Whoever says in a header, query or profile to be verified is believed.",
            _PUBLISHING,
        ),
        FaultName.ID_CHECKSUM_IGNORED: (
            "The check digit of identity card numbers is not looked at.",
            _IDENTITY,
        ),
        FaultName.ID_BIRTHDATE_IGNORED: (
            "The birth date inside identity card numbers is not looked at.",
            _IDENTITY,
        ),
        FaultName.USCC_CHECKSUM_IGNORED: (
            "The check digit of unified social credit codes is not looked at.",
            _IDENTITY,
        ),
        FaultName.PHONE_ANY_DIGITS: ("Any string of digits passes for a mobile phone number.", _IDENTITY),
        FaultName.EMAIL_SUFFICES: ("An e-mail address passes for an identity.", _IDENTITY),
        FaultName.EMPTY_IDENTITY: ("An empty number passes for an identity.", _IDENTITY),
    },
)

#: What is still seen anywhere two days after a valid request breaks the 48 hours as well.
_GONE = ("cn-dsp-2023/10.4", "us-take-it-down/3.b")

_TAKEDOWN = _table(
    "takedown",
    {
        FaultName.PAGE_SURVIVES: ("The page of removed content is still served.", _GONE),
        FaultName.FEED_SURVIVES: ("Removed content still stands in the feed.", _GONE),
        FaultName.THUMBNAIL_SURVIVES: ("The thumbnail of removed content is still served.", _GONE),
        FaultName.DOWNLOAD_SURVIVES: ("Removed content can still be downloaded.", _GONE),
        FaultName.SHARE_SURVIVES: ("Shared links to removed content still work.", _GONE),
        FaultName.SEARCH_SURVIVES: ("Search still lists removed content.", _GONE),
        FaultName.INTIMATE_IMAGE_AFTER_72_HOURS: (
            "An intimate image is removed 72 hours after a valid request.",
            ("us-take-it-down/3.b",),
        ),
        FaultName.COPIES_SURVIVE: ("Identical copies of removed content stay up.", ("us-take-it-down/3.c",)),
        FaultName.ANY_REPORT_REMOVES: ("Every report is upheld, founded or not.", ("eu-dsa/16.6",)),
    },
)

_COMPLAINTS = _table(
    "complaints",
    {
        FaultName.REPORT_NEEDS_ACCOUNT: (
            "Only somebody with an account can report.",
            ("eu-dsa/16.1", "cn-dsp-2023/12.1", "us-take-it-down/3.a"),
        ),
        FaultName.REPORT_WITHOUT_RECEIPT: ("Reports are not confirmed.", ("eu-dsa/16.4",)),
        FaultName.REPORT_UNDECIDED: (
            "Reporters never hear of a decision.",
            ("cn-dsp-2023/12.3", "eu-dsa/16.5"),
        ),
        FaultName.REPORT_DECIDED_LATE: (
            "Reporters hear of a decision long after the published limit.",
            ("cn-dsp-2023/12.3",),
        ),
        FaultName.DECISION_WITHOUT_REASONS: ("Decisions give no reasons.", ("eu-dsa/17",)),
        FaultName.APPEAL_IGNORED: ("Appeals are taken in and never answered.", ("eu-dsa/20",)),
        FaultName.TIME_LIMIT_UNPUBLISHED: (
            "The page on complaints does not say by when they are answered.",
            ("cn-dsp-2023/12.2",),
        ),
    },
)

FAULTS: Mapping[str, Fault] = {
    name.value: fault for table in (_LABELING, _CONSENT, _REAL_NAME, _TAKEDOWN, _COMPLAINTS) for name, fault in table.items()
}


class UnknownFaultError(ValueError):
    """A name that no fault bears. ``closest`` are the names most like it, nearest first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closest = tuple(difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.6))
        hint = f" (closest: {', '.join(self.closest)})" if self.closest else ""
        super().__init__(f"there is no fault {name!r}{hint}")


def chosen(names: Iterable[str]) -> frozenset[FaultName]:
    """The faults of those names.

    Raises:
        UnknownFaultError: no fault bears one of the names.
    """
    names = tuple(names)
    for name in names:
        if name not in FAULTS:
            raise UnknownFaultError(name)
    return frozenset(FaultName(name) for name in names)
