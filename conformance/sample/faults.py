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
from typing import TypeAlias

from ..verdict import Level


class FaultName(StrEnum):
    """The names, as a command line writes them."""

    TEXT_UNLABELLED = "text-unlabelled"
    TEXT_LABEL_WITHOUT_GENERATION_ELEMENT = "text-label-without-generation-element"
    TEXT_LABEL_INVISIBLE = "text-label-invisible"
    TEXT_UNLABELLED_WHEN_ASKED = "text-unlabelled-when-asked"
    TEXT_UNLABELLED_IN_PARTS = "text-unlabelled-in-parts"
    TEXT_UNLABELLED_AFTER_MARKUP = "text-unlabelled-after-markup"
    EXPORT_UNLABELLED = "export-unlabelled"
    DOWNLOAD_UNLABELLED = "download-unlabelled"
    EXPORT_UNLABELLED_FROM_LISTS = "export-unlabelled-from-lists"
    IMPLICIT_LABEL_MISSING_PNG = "implicit-label-missing-png"
    IMPLICIT_LABEL_MISSING_JPEG = "implicit-label-missing-jpeg"
    IMPLICIT_LABEL_MISSING_WAV = "implicit-label-missing-wav"
    IMPLICIT_LABEL_MISSING_AVI = "implicit-label-missing-avi"
    IMPLICIT_LABEL_LOST_IN_LONG_PROMPTS = "implicit-label-lost-in-long-prompts"
    IMPLICIT_LABEL_NAMED_IN_SMALL_LETTERS = "implicit-label-named-in-small-letters"
    IMPLICIT_LABEL_IN_AN_ODD_PLACE = "implicit-label-in-an-odd-place"
    IMPLICIT_LABEL_MISSPELT_KEY = "implicit-label-misspelt-key"
    IMPLICIT_LABEL_WRAPPED_TWICE = "implicit-label-wrapped-twice"
    LABEL_VALUE_NUMBER = "label-value-number"
    LABEL_VALUE_SUSPECTED = "label-value-suspected"
    LABEL_VALUE_SUSPECTED_OF_TRANSLATIONS = "label-value-suspected-of-translations"
    CONTENT_PRODUCER_EMPTY = "content-producer-empty"
    CONTENT_PRODUCER_LOST_IN_JSON = "content-producer-lost-in-json"
    PRODUCE_ID_REUSED = "produce-id-reused"
    PRODUCE_ID_BY_BEGINNING = "produce-id-by-beginning"
    PRODUCE_ID_EMPTY = "produce-id-empty"
    PRODUCE_ID_WITH_SPACES = "produce-id-with-spaces"
    PROPAGATOR_DIFFERS = "propagator-differs"
    PROVIDER_CODE_CHECKSUM = "provider-code-checksum"
    TWO_IMPLICIT_LABELS = "two-implicit-labels"
    UPLOAD_STRIPS_LABELS = "upload-strips-labels"
    UPLOAD_STRIPS_UNDECLARED = "upload-strips-undeclared"
    UPLOAD_STRIPS_SHORT_NUMBERS = "upload-strips-short-numbers"
    UPLOAD_NOTICE_MISSING = "upload-notice-missing"
    UPLOAD_DECLARATION_UNTOLD = "upload-declaration-untold"
    UPLOAD_CERTAIN_BY_DECLARATION = "upload-certain-by-declaration"
    UPLOAD_TRACES_UNSEEN = "upload-traces-unseen"
    UPLOAD_REMINDER_MISSING = "upload-reminder-missing"
    PROPAGATOR_NOT_ADDED = "propagator-not-added"
    UNLABELLED_COPY_FREELY = "unlabelled-copy-freely"
    UNLABELLED_COPY_BARE = "unlabelled-copy-bare"
    UNLABELLED_COPY_AFTER_ANY_AGREEMENT = "unlabelled-copy-after-any-agreement"
    UNLABELLED_JPEG_BARE = "unlabelled-jpeg-bare"
    UNLABELLED_COPY_UNRECORDED = "unlabelled-copy-unrecorded"
    RECORDS_PURGED = "records-purged"
    PICTURE_UNLABELLED = "picture-unlabelled"
    PICTURE_LABEL_SMALL = "picture-label-small"
    PICTURE_LABEL_IN_THE_MIDDLE = "picture-label-in-the-middle"
    PICTURE_LABEL_FAINT = "picture-label-faint"
    VOICE_UNLABELLED = "voice-unlabelled"
    FILM_UNLABELLED = "film-unlabelled"
    FILM_LABEL_SMALL = "film-label-small"
    FILM_LABEL_LATE = "film-label-late"
    FILM_LABEL_BRIEF = "film-label-brief"
    SCENE_UNLABELLED = "scene-unlabelled"
    SOUND_UNLABELLED = "sound-unlabelled"
    MARK_FUNCTION_WITHOUT_EFFECT = "mark-function-without-effect"
    MARK_FUNCTION_UNTOLD = "mark-function-untold"
    AGREEMENT_SILENT = "agreement-silent"
    CHAT_UNDISCLOSED = "chat-undisclosed"
    CHAT_DISCLOSED_ONCE = "chat-disclosed-once"
    CHAT_DISCLOSURE_WEARS_OFF = "chat-disclosure-wears-off"
    CHAT_PLAYS_ALONG = "chat-plays-along"
    PUBLICATION_UNDISCLOSED = "publication-undisclosed"

    EDIT_WITHOUT_CONSENT = "edit-without-consent"
    CONSENT_PROMPT_MISSING = "consent-prompt-missing"
    CONSENT_FOR_ANYONE = "consent-for-anyone"
    CONSENT_FOR_ANY_SCOPE = "consent-for-any-scope"
    CONSENT_BORROWED = "consent-borrowed"
    CONSENT_OUTLIVES_REVOCATION = "consent-outlives-revocation"
    CONSENT_REMEMBERED_AFTER_USE = "consent-remembered-after-use"
    CONSENT_OF_THE_ACCOUNT = "consent-of-the-account"
    CONSENT_BY_ASSERTION = "consent-by-assertion"
    VOICE_CONSENT_UNASKED = "voice-consent-unasked"
    SMALL_PICTURES_UNASKED = "small-pictures-unasked"
    SHORT_VOICES_UNASKED = "short-voices-unasked"
    MINOR_CONSENTS_ALONE = "minor-consents-alone"

    PUBLISH_UNVERIFIED = "publish-unverified"
    PUBLISH_ANONYMOUS = "publish-anonymous"
    DELETED_ACCOUNT_PUBLISHES = "deleted-account-publishes"
    VERIFIED_BY_HEADER = "verified-by-header"
    VERIFIED_BY_ROLE = "verified-by-role"
    VERIFIED_FROM_INSIDE = "verified-from-inside"
    VERIFIED_BY_ACCOUNT_HEADER = "verified-by-account-header"
    OFFICIAL_TITLES_UNVERIFIED = "official-titles-unverified"
    ANONYMOUS_BY_MARKUP = "anonymous-by-markup"
    ID_CHECKSUM_IGNORED = "id-checksum-ignored"
    ID_BIRTHDATE_IGNORED = "id-birthdate-ignored"
    ID_CHECKSUM_IGNORED_FOR_THE_YOUNG = "id-checksum-ignored-for-the-young"
    ID_TYPING_ERRORS_FORGIVEN = "id-typing-errors-forgiven"
    ID_OF_THE_UNBORN = "id-of-the-unborn"
    ID_BORN_IN_LONG_MONTHS = "id-born-in-long-months"
    USCC_CHECKSUM_IGNORED = "uscc-checksum-ignored"
    PHONE_ANY_DIGITS = "phone-any-digits"
    EMAIL_SUFFICES = "email-suffices"
    EMPTY_IDENTITY = "empty-identity"
    USCC_CHECKSUM_IGNORED_ELSEWHERE = "uscc-checksum-ignored-elsewhere"

    REPORT_NEEDS_ACCOUNT = "report-needs-account"
    REPORT_WITH_PICTOGRAMS_NEEDS_ACCOUNT = "report-with-pictograms-needs-account"
    REPORT_WITHOUT_RECEIPT = "report-without-receipt"
    RECEIPT_LOST_BETWEEN_LINES = "receipt-lost-between-lines"
    REPORT_UNDECIDED = "report-undecided"
    REPORT_DECIDED_LATE = "report-decided-late"
    UNFOUNDED_REPORT_UNANSWERED = "unfounded-report-unanswered"
    UNFOUNDED_REPORT_ANSWERED_LATE = "unfounded-report-answered-late"
    DECISION_WITHOUT_REASONS = "decision-without-reasons"
    DECISION_WITH_BLANK_REASONS = "decision-with-blank-reasons"
    PAGE_SURVIVES = "page-survives"
    FEED_SURVIVES = "feed-survives"
    THUMBNAIL_SURVIVES = "thumbnail-survives"
    DOWNLOAD_SURVIVES = "download-survives"
    SHARE_SURVIVES = "share-survives"
    SEARCH_SURVIVES = "search-survives"
    PAGE_CACHED = "page-cached"
    FEED_RENEWED_DAILY = "feed-renewed-daily"
    SEARCH_RENEWED_DAILY = "search-renewed-daily"
    THUMBNAIL_KEPT_BY_EDGE = "thumbnail-kept-by-edge"
    SHARE_LINK_LIVES_A_WEEK = "share-link-lives-a-week"
    INTIMATE_IMAGE_AFTER_72_HOURS = "intimate-image-after-72-hours"
    COPIES_SURVIVE = "copies-survive"
    UPLOADED_COPIES_SURVIVE = "uploaded-copies-survive"
    REPUBLISHED_COPIES_SURVIVE = "republished-copies-survive"
    INTIMATE_THUMBNAIL_AFTER_72_HOURS = "intimate-thumbnail-after-72-hours"
    ANY_REPORT_REMOVES = "any-report-removes"
    REPORTED_INFRINGEMENT_REMOVES = "reported-infringement-removes"
    APPEAL_IGNORED = "appeal-ignored"
    APPEAL_CLOSED = "appeal-closed"
    TIME_LIMIT_UNPUBLISHED = "time-limit-unpublished"
    COMPLAINTS_PAGE_EMPTY = "complaints-page-empty"

    INPUT_UNREVIEWED = "input-unreviewed"
    OUTPUT_UNREVIEWED = "output-unreviewed"
    ONLY_TEXT_PROMPTS_REVIEWED = "only-text-prompts-reviewed"
    REVIEW_AT_A_GLANCE = "review-at-a-glance"
    FAKE_NEWS_WRITTEN = "fake-news-written"
    FAKE_NEWS_PUBLISHED = "fake-news-published"
    NO_MEASURES_AGAINST_ACCOUNTS = "no-measures-against-accounts"

    REFUTATION_MISSING = "refutation-missing"
    REFUTATION_UNRECORDED = "refutation-unrecorded"

    RULES_UNPUBLISHED = "rules-unpublished"
    SECURITY_DUTIES_UNSAID = "security-duties-unsaid"
    FILING_NUMBER_MALFORMED = "filing-number-malformed"
    FILING_NUMBER_MISSING = "filing-number-missing"
    FILING_LINK_MISSING = "filing-link-missing"


class Reach(StrEnum):
    """What it takes to see a fault: one request, a sequence of three or more that change something, or a case that
    no enumeration holds."""

    REQUEST = "request"
    SEQUENCE = "sequence"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken behaviour: its name, what it does in a sentence, which behaviour of the law it concerns,
    which rules then fail, the lowest level of a run that sees it, and what it takes to see it.
    """

    name: FaultName
    summary: str
    behaviour: str
    rules: frozenset[str]
    level: Level = Level.CORE
    reach: Reach = Reach.REQUEST


_Entries: TypeAlias = Mapping[FaultName, tuple[str, Iterable[str]]]


def _table(behaviour: str, entries: _Entries, level: Level = Level.CORE, reach: Reach = Reach.REQUEST) -> dict[FaultName, Fault]:
    return {name: Fault(name, summary, behaviour, frozenset(rules), level, reach) for name, (summary, rules) in entries.items()}


_TEXT = ("cn-dsp-2023/17.1.1", "cn-labeling-2025/4.1.1", "cn-labeling-2025/gb-5.1.a")
_TAMPERING = ("cn-dsp-2023/18", "cn-labeling-2025/10.2")
_DIALOGUE = ("eu-ai-act-50/50.1", "cn-labeling-2025/gb-5.6")
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
        FaultName.IMPLICIT_LABEL_MISSING_AVI: ("AVI films carry no metadata label.", _IMPLICIT),
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
        FaultName.DOWNLOAD_UNLABELLED: ("The downloaded copy has lost its visible label.", ("cn-labeling-2025/4.2",)),
        FaultName.PRODUCE_ID_BY_BEGINNING: (
            "The content number is made from the first words of the prompt.",
            ("cn-labeling-2025/gb-e.produce-id",),
        ),
        FaultName.UPLOAD_STRIPS_UNDECLARED: (
            "An upload that nobody declares is re-encoded, and its producer's label replaced by the platform's.",
            _TAMPERING,
        ),
        FaultName.UNLABELLED_JPEG_BARE: (
            "The JPEG copy without visible label has lost the metadata label too.",
            ("cn-labeling-2025/9.3",),
        ),
        FaultName.CHAT_DISCLOSED_ONCE: ("Only the first answer of a conversation says who gives it.", _DIALOGUE),
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
            "An uploaded file is re-encoded, and its producer's label replaced by the platform's.",
            _TAMPERING,
        ),
        FaultName.UNLABELLED_COPY_FREELY: (
            "The copy without visible label is handed out before anything was agreed.",
            ("cn-labeling-2025/9.1",),
        ),
        FaultName.UNLABELLED_COPY_BARE: (
            "The copy without visible label has lost the metadata label too.",
            ("cn-labeling-2025/9.3",),
        ),
        FaultName.AGREEMENT_SILENT: ("The user agreement does not speak of labels.", ("cn-labeling-2025/8",)),
        FaultName.CHAT_UNDISCLOSED: (
            "Nobody is told that the other side of the conversation is a machine.",
            _DIALOGUE,
        ),
    },
)

_SEPARATE_CONSENT = ("cn-dsp-2023/14.2",)
#: What opens edits whatever the scope of a consent, and whether it was withdrawn, breaks these besides.
_ANY_CONSENT = (*_SEPARATE_CONSENT, "cn-pipl/14.2", "cn-pipl/15.1")

_CONSENT = _table(
    "consent",
    {
        name: (summary, _SEPARATE_CONSENT)
        for name, summary in {  # one clause, many ways round it
            FaultName.EDIT_WITHOUT_CONSENT: "Faces and voices are edited although no consent is named.",
            FaultName.CONSENT_PROMPT_MISSING: "The refusal does not prompt to obtain separate consent.",
            FaultName.CONSENT_FOR_ANYONE: "The consent of one person opens every other face and voice.",
            FaultName.CONSENT_BORROWED: "A consent given to one account serves every other account.",
        }.items()
    }
    | {
        FaultName.CONSENT_FOR_ANY_SCOPE: (
            "A consent to edit the face opens the voice, and vice versa.",
            (*_SEPARATE_CONSENT, "cn-pipl/14.2"),
        ),
        FaultName.CONSENT_BY_ASSERTION: (
            "A prompt that says that the person agreed passes for their consent.",
            _ANY_CONSENT,
        ),
        FaultName.VOICE_CONSENT_UNASKED: ("Faces need a consent and voices do not.", _ANY_CONSENT),
    },
)

_PUBLISHING = ("cn-dsp-2023/9.2",)
_IDENTITY = ("cn-dsp-2023/9.1",)

_REAL_NAME = _table(
    "real-name",
    {
        FaultName.PUBLISH_UNVERIFIED: ("Accounts publish before their identity is verified.", _PUBLISHING),
        FaultName.PUBLISH_ANONYMOUS: ("Somebody who is not signed in can publish.", _PUBLISHING),
        FaultName.VERIFIED_BY_ROLE: ("Whoever says in a header to be an administrator needs no identity.", _PUBLISHING),
        FaultName.VERIFIED_FROM_INSIDE: (
            "A request that says to come from this machine (X-Forwarded-For) needs no identity.",
            _PUBLISHING,
        ),
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
        FaultName.ID_TYPING_ERRORS_FORGIVEN: (
            "An identity card number passes when exchanging two neighbours would make it right.",
            _IDENTITY,
        ),
        FaultName.ID_OF_THE_UNBORN: ("Birth dates that are still to come pass.", _IDENTITY),
        FaultName.ID_BORN_IN_LONG_MONTHS: ("Every month has 31 days where birth dates are looked at.", _IDENTITY),
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
        FaultName.PAGE_CACHED: (
            "A page that somebody looked at is served from a cache for a day, removed or not.",
            ("cn-dsp-2023/10.4",),
        ),
        FaultName.FEED_RENEWED_DAILY: ("The feed drops removed content a day later.", ("cn-dsp-2023/10.4",)),
        FaultName.SEARCH_RENEWED_DAILY: ("Search drops removed content a day later.", ("cn-dsp-2023/10.4",)),
        FaultName.THUMBNAIL_KEPT_BY_EDGE: ("A thumbnail that somebody looked at is never dropped from a cache.", _GONE),
        FaultName.SHARE_LINK_LIVES_A_WEEK: ("Shared links to removed content work for another week.", _GONE),
        FaultName.UPLOADED_COPIES_SURVIVE: (
            "Copies that another account uploaded stay up when the original is removed.",
            ("us-take-it-down/3.c",),
        ),
        FaultName.REPUBLISHED_COPIES_SURVIVE: (
            "A second publication of the same asset stays up when the first is removed.",
            ("us-take-it-down/3.c",),
        ),
        FaultName.INTIMATE_THUMBNAIL_AFTER_72_HOURS: (
            "The thumbnail of an intimate image is removed 72 hours after a valid request.",
            ("us-take-it-down/3.b",),
        ),
    },
    reach=Reach.SEQUENCE,
)

_ANSWERED = ("cn-dsp-2023/12.3", "eu-dsa/16.5")
_OPEN_TO_ALL = ("eu-dsa/16.1", "cn-dsp-2023/12.1", "us-take-it-down/3.a")

_COMPLAINTS = _table(
    "complaints",
    {
        FaultName.REPORT_NEEDS_ACCOUNT: ("Only somebody with an account can report.", _OPEN_TO_ALL),
        FaultName.REPORT_WITHOUT_RECEIPT: ("Reports are not confirmed.", ("eu-dsa/16.4",)),
        FaultName.TIME_LIMIT_UNPUBLISHED: (
            "The page on complaints does not say by when they are answered.",
            ("cn-dsp-2023/12.2",),
        ),
        FaultName.COMPLAINTS_PAGE_EMPTY: ("The page on complaints is empty.", ("cn-dsp-2023/12.2",)),
    },
)

_DECISIONS = _table(
    "complaints",
    {
        FaultName.REPORT_UNDECIDED: ("Reporters never hear of a decision.", _ANSWERED),
        FaultName.UNFOUNDED_REPORT_UNANSWERED: ("Whose report is not upheld never hears of it.", _ANSWERED),
        FaultName.REPORT_DECIDED_LATE: (
            "Reporters hear of a decision long after the published limit.",
            ("cn-dsp-2023/12.3",),
        ),
        FaultName.UNFOUNDED_REPORT_ANSWERED_LATE: (
            "Whose report is not upheld hears of it long after the published limit.",
            ("cn-dsp-2023/12.3",),
        ),
        FaultName.DECISION_WITHOUT_REASONS: ("Decisions give no reasons.", ("eu-dsa/17",)),
        FaultName.DECISION_WITH_BLANK_REASONS: ("The reasons of a decision are blank.", ("eu-dsa/17",)),
        FaultName.APPEAL_IGNORED: ("Appeals are taken in and never answered.", ("eu-dsa/20",)),
        FaultName.APPEAL_CLOSED: ("What was removed cannot be appealed about: it is not found.", ("eu-dsa/20",)),
    },
    reach=Reach.SEQUENCE,
)

_WITHDRAWN = (*_SEPARATE_CONSENT, "cn-pipl/15.1")

_CONSENT_IN_TIME = _table(
    "consent",
    {
        FaultName.CONSENT_OUTLIVES_REVOCATION: ("A revoked consent is still honoured.", _WITHDRAWN),
        FaultName.CONSENT_REMEMBERED_AFTER_USE: (
            "A consent that was used once is remembered as good, revoked or not.",
            _WITHDRAWN,
        ),
        FaultName.CONSENT_OF_THE_ACCOUNT: (
            "An unknown consent is replaced by any other that the account holds for the same scope.",
            _SEPARATE_CONSENT,
        ),
    },
    reach=Reach.SEQUENCE,
)

_ACCOUNTS_IN_TIME = _table(
    "real-name",
    {FaultName.DELETED_ACCOUNT_PUBLISHES: ("The token of a deleted account still publishes.", _PUBLISHING)},
    reach=Reach.SEQUENCE,
)

_AGREEMENTS_IN_TIME = _table(
    "labeling",
    {
        FaultName.UNLABELLED_COPY_AFTER_ANY_AGREEMENT: (
            "Once anybody has agreed to label a copy, everybody gets texts bare.",
            ("cn-labeling-2025/9.1",),
        ),
    },
    reach=Reach.SEQUENCE,
)

#: What no enumerated case meets: only some prompts, pictures, numbers, titles or statements show it.
_DRAWN = (
    _table(
        "labeling",
        {
            FaultName.TEXT_UNLABELLED_IN_PARTS: ("An answer to several requests at once carries no label.", _TEXT),
            FaultName.TEXT_UNLABELLED_AFTER_MARKUP: ("A prompt that begins with markup loses the label.", _TEXT),
            FaultName.EXPORT_UNLABELLED_FROM_LISTS: (
                "The exported copy of an answer to several requests has lost its visible label.",
                ("cn-labeling-2025/4.2",),
            ),
            FaultName.IMPLICIT_LABEL_LOST_IN_LONG_PROMPTS: (
                "Files made of a prompt of more than 70 bytes carry no metadata label.",
                _IMPLICIT,
            ),
            FaultName.LABEL_VALUE_SUSPECTED_OF_TRANSLATIONS: (
                "Files made of a prompt that asks for a translation are only declared suspected.",
                ("cn-labeling-2025/gb-e.c",),
            ),
            FaultName.CONTENT_PRODUCER_LOST_IN_JSON: (
                "Files made of a prompt in a machine's language (JSON, code) name no producer.",
                ("cn-labeling-2025/gb-e.content-producer",),
            ),
            FaultName.UPLOAD_STRIPS_SHORT_NUMBERS: (
                "A label whose content number is shorter than the platform's own is replaced.",
                _TAMPERING,
            ),
            FaultName.CHAT_DISCLOSURE_WEARS_OFF: ("From the fourth turn on, nothing says who answers.", _DIALOGUE),
            FaultName.CHAT_PLAYS_ALONG: (
                "Who asks the assistant to play somebody is no longer told that it is none.",
                _DIALOGUE,
            ),
        },
        reach=Reach.DRAWN,
    )
    | _table(
        "consent",
        {
            FaultName.SMALL_PICTURES_UNASKED: (
                "Faces in pictures less than 60 pixels wide or high need no consent.",
                _ANY_CONSENT,
            ),
            FaultName.SHORT_VOICES_UNASKED: (
                "Voices in recordings other than half a second long need no consent.",
                _ANY_CONSENT,
            ),
        },
        reach=Reach.DRAWN,
    )
    | _table(
        "real-name",
        {
            FaultName.VERIFIED_BY_ACCOUNT_HEADER: (
                "A header by which the house's own services pass on a verified account is taken from anybody.",
                _PUBLISHING,
            ),
            FaultName.OFFICIAL_TITLES_UNVERIFIED: (
                "Titles that sound like the platform's own announcements need no identity.",
                _PUBLISHING,
            ),
            FaultName.ANONYMOUS_BY_MARKUP: (
                "A title with markup in it takes a path on which nobody asks who publishes.",
                _PUBLISHING,
            ),
            FaultName.ID_CHECKSUM_IGNORED_FOR_THE_YOUNG: (
                "The check digit is not looked at for holders born in 1986 or later.",
                _IDENTITY,
            ),
            FaultName.USCC_CHECKSUM_IGNORED_ELSEWHERE: (
                "The check digit of credit codes is not looked at outside the provider's own province.",
                _IDENTITY,
            ),
        },
        reach=Reach.DRAWN,
    )
    | _table(
        "complaints",
        {
            FaultName.REPORT_WITH_PICTOGRAMS_NEEDS_ACCOUNT: (
                "A report with a pictogram in it is taken from users only.",
                _OPEN_TO_ALL,
            ),
            FaultName.RECEIPT_LOST_BETWEEN_LINES: ("A report of several lines is not confirmed.", ("eu-dsa/16.4",)),
        },
        reach=Reach.DRAWN,
    )
    | _table(
        "takedown",
        {
            FaultName.REPORTED_INFRINGEMENT_REMOVES: (
                "Every report that speaks of an infringement is upheld, founded or not.",
                ("eu-dsa/16.6",),
            ),
        },
        reach=Reach.DRAWN,
    )
)

#: What a platform owes its public for what others bring (Labeling Measures, Art. 6).
_PLATFORM = _table(
    "labeling",
    {
        FaultName.UPLOAD_NOTICE_MISSING: (
            "Nothing is told of an upload whose metadata say that it is AI-generated.",
            ("cn-labeling-2025/6.1.1",),
        ),
        FaultName.UPLOAD_DECLARATION_UNTOLD: ("What users declare is told to nobody.", ("cn-labeling-2025/6.1.2",)),
        FaultName.UPLOAD_CERTAIN_BY_DECLARATION: (
            "What users declare is said to be AI-generated, where it only may be.",
            ("cn-labeling-2025/6.1.2",),
        ),
        FaultName.UPLOAD_TRACES_UNSEEN: (
            "Visible labels and other traces in uploads are not looked for.",
            ("cn-labeling-2025/6.1.3",),
        ),
        FaultName.UPLOAD_REMINDER_MISSING: (
            "Nobody who uploads is reminded to declare AI-generated content.",
            ("cn-labeling-2025/6.1.4",),
        ),
        FaultName.PROPAGATOR_NOT_ADDED: (
            "The platform adds nothing of its own to the metadata of uploads.",
            ("cn-labeling-2025/6.2",),
        ),
    },
    Level.EXTENDED,
)

_FORM = _table(
    "labeling",
    {
        FaultName.IMPLICIT_LABEL_NAMED_IN_SMALL_LETTERS: (
            "The metadata label of sounds is named in small letters.",
            ("cn-labeling-2025/gb-e.a",),
        ),
        FaultName.IMPLICIT_LABEL_IN_AN_ODD_PLACE: (
            "The metadata label of sounds stands in another chunk than the practice guide names.",
            ("cn-labeling-2025/container",),
        ),
        FaultName.MARK_FUNCTION_UNTOLD: (
            "Users of services that need no label are not told that they can have one.",
            ("cn-dsp-2023/17.2",),
        ),
        FaultName.PUBLICATION_UNDISCLOSED: (
            "Where something generated is published, nothing says that it was.",
            ("eu-ai-act-50/50.4", "eu-ai-act-50/50.5"),
        ),
    },
    Level.EXTENDED,
)

_REVIEWED = ("cn-dsp-2023/6.1", "cn-dsp-2023/6.2", "cn-dsp-2023/10.1")

_MINORS = _table(
    "consent",
    {FaultName.MINOR_CONSENTS_ALONE: ("A minor consents without a guardian.", ("cn-pipl/31.1",))},
    Level.EXTENDED,
)

_PROHIBITED = _table(
    "prohibited-content",
    {
        FaultName.INPUT_UNREVIEWED: (
            "Nobody looks at what is asked for.",
            ("cn-dsp-2023/6.1", "cn-dsp-2023/10.1"),
        ),
        FaultName.OUTPUT_UNREVIEWED: ("Nobody looks at what was made before it is handed out.", ("cn-dsp-2023/10.1",)),
        FaultName.FAKE_NEWS_WRITTEN: ("Fake news is written on request.", ("cn-dsp-2023/6.2",)),
        FaultName.FAKE_NEWS_PUBLISHED: ("Fake news is published.", ("cn-dsp-2023/6.2",)),
        FaultName.ONLY_TEXT_PROMPTS_REVIEWED: ("Only what is asked of the writer is looked at.", _REVIEWED),
    },
    Level.EXTENDED,
) | _table(
    "prohibited-content",
    {
        FaultName.NO_MEASURES_AGAINST_ACCOUNTS: (
            "An account may ask for what is prohibited as often as it likes.",
            ("cn-dsp-2023/10.5",),
        ),
    },
    Level.EXTENDED,
    Reach.SEQUENCE,
) | _table(
    "prohibited-content",
    {
        FaultName.REVIEW_AT_A_GLANCE: (
            "Only the first hundred characters of what is asked for are looked at.",
            _REVIEWED,
        ),
    },
    Level.EXTENDED,
    Reach.DRAWN,
)

_RUMOURS = _table(
    "rumour-refutation",
    {
        FaultName.REFUTATION_MISSING: ("A rumour is found false, and nothing is attached to it.", ("cn-dsp-2023/11",)),
        FaultName.REFUTATION_UNRECORDED: ("Refuted rumours leave no record.", ("cn-dsp-2023/11",)),
    },
    Level.EXTENDED,
    Reach.SEQUENCE,
)

_FILING = ("cn-dsp-2023/19.3", "cn-penalties/algorithm-26")

_DISCLOSURE = _table(
    "disclosure",
    {
        FaultName.RULES_UNPUBLISHED: ("The management rules are not published.", ("cn-dsp-2023/8.1",)),
        FaultName.SECURITY_DUTIES_UNSAID: (
            "The agreement does not speak of the users' duties of information security.",
            ("cn-dsp-2023/8.2",),
        ),
        FaultName.FILING_NUMBER_MALFORMED: ("The filing number has lost a digit.", _FILING),
        FaultName.FILING_NUMBER_MISSING: ("The page on the filing does not show its number.", _FILING),
        FaultName.FILING_LINK_MISSING: ("The page on the filing does not link to the public register.", _FILING),
    },
    Level.EXTENDED,
)

_RECORDS = _table(
    "records",
    {
        FaultName.UNLABELLED_COPY_UNRECORDED: (
            "Copies without visible label leave no record.",
            ("cn-labeling-2025/9.2",),
        ),
        FaultName.RECORDS_PURGED: ("Records are thrown away after 90 days.", ("cn-labeling-2025/9.2",)),
    },
    Level.EXTENDED,
    Reach.SEQUENCE,
)

#: What only shows in the pixels or sounds in the samples.
_PERCEIVED = _table(
    "labeling",
    {
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
        FaultName.PICTURE_LABEL_FAINT: (
            "The label in pictures hardly differs from what it stands on.",
            ("cn-labeling-2025/gb-5.2.legible",),
        ),
        FaultName.VOICE_UNLABELLED: (
            "Nothing is heard that says a voice is synthetic.",
            (
                "cn-dsp-2023/17.1.2",
                "cn-labeling-2025/4.1.2",
                "cn-labeling-2025/gb-5.3.a",
                "cn-labeling-2025/gb-5.3.c",
                "cn-labeling-2025/gb-5.3.d",
                "cn-labeling-2025/gb-5.3.f",
            ),
        ),
        FaultName.FILM_UNLABELLED: (
            "Films show no label.",
            ("cn-dsp-2023/17.1.3", "cn-labeling-2025/4.1.4", "cn-labeling-2025/gb-5.4.a"),
        ),
        FaultName.FILM_LABEL_SMALL: (
            "The label in films is lower than a twentieth of the shortest side.",
            ("cn-labeling-2025/gb-5.4.e",),
        ),
        FaultName.FILM_LABEL_LATE: ("The start frame of films shows no label.", ("cn-labeling-2025/gb-5.4.b",)),
        FaultName.FILM_LABEL_BRIEF: ("The label of films is gone after a second.", ("cn-labeling-2025/gb-5.4.f",)),
        FaultName.SCENE_UNLABELLED: (
            "The start frame of virtual scenes shows no label.",
            ("cn-dsp-2023/17.1.4", "cn-labeling-2025/4.1.5", "cn-labeling-2025/gb-5.5"),
        ),
        FaultName.SOUND_UNLABELLED: (
            "Nothing is heard that says a sound is synthetic.",
            ("cn-dsp-2023/17.1.5", "cn-labeling-2025/4.1.6"),
        ),
        FaultName.MARK_FUNCTION_WITHOUT_EFFECT: (
            "The mark that users of other services may ask for is not drawn.",
            ("cn-dsp-2023/17.2",),
        ),
    },
    Level.FULL,
)

_TABLES = (
    _LABELING,
    _AGREEMENTS_IN_TIME,
    _CONSENT,
    _CONSENT_IN_TIME,
    _MINORS,
    _REAL_NAME,
    _ACCOUNTS_IN_TIME,
    _TAKEDOWN,
    _COMPLAINTS,
    _DECISIONS,
    _DRAWN,
    _PLATFORM,
    _FORM,
    _PROHIBITED,
    _RUMOURS,
    _DISCLOSURE,
    _RECORDS,
    _PERCEIVED,
)

FAULTS: Mapping[str, Fault] = {name.value: fault for table in _TABLES for name, fault in table.items()}


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
