"""A fault of the sample provider: what it is called, what it breaks, and what it takes to see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

#: The lowest level of a run that covers a fault.
Level = Literal["core", "extended", "full"]


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
    COPIES_LOSE_IMPLICIT_LABEL = "copies-lose-implicit-label"
    EDITED_FILES_UNMARKED = "edited-files-unmarked"
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
    FILM_LABEL_IN_THE_MIDDLE = "film-label-in-the-middle"
    FILM_LABEL_FAINT = "film-label-faint"
    SCENE_UNLABELLED = "scene-unlabelled"
    SCENE_LABEL_IN_THE_MIDDLE = "scene-label-in-the-middle"
    SCENE_LABEL_FAINT = "scene-label-faint"
    SCENE_LABEL_SMALL = "scene-label-small"
    SOUND_UNLABELLED = "sound-unlabelled"
    MARK_FUNCTION_WITHOUT_EFFECT = "mark-function-without-effect"
    MARK_FUNCTION_UNTOLD = "mark-function-untold"
    AGREEMENT_SILENT = "agreement-silent"
    CHAT_UNDISCLOSED = "chat-undisclosed"
    CHAT_DISCLOSED_LATE = "chat-disclosed-late"
    CHAT_DISCLOSED_ONCE = "chat-disclosed-once"
    CHAT_DISCLOSURE_WEARS_OFF = "chat-disclosure-wears-off"
    CHAT_PLAYS_ALONG = "chat-plays-along"
    COMPANION_FALLS_SILENT = "companion-falls-silent"
    PUBLICATION_UNDISCLOSED = "publication-undisclosed"
    PLAYER_BARE = "player-bare"

    EDIT_WITHOUT_CONSENT = "edit-without-consent"
    CONSENT_PROMPT_MISSING = "consent-prompt-missing"
    CONSENT_FOR_ANYONE = "consent-for-anyone"
    CONSENT_FOR_ANY_SCOPE = "consent-for-any-scope"
    CONSENT_BORROWED = "consent-borrowed"
    NAMED_ACCOUNT_EDITS = "named-account-edits"
    CONSENT_OUTLIVES_REVOCATION = "consent-outlives-revocation"
    CONSENT_REMEMBERED_AFTER_USE = "consent-remembered-after-use"
    CONSENT_OF_THE_ACCOUNT = "consent-of-the-account"
    CONSENT_BY_ASSERTION = "consent-by-assertion"
    VOICE_CONSENT_UNASKED = "voice-consent-unasked"
    SMALL_PICTURES_UNASKED = "small-pictures-unasked"
    SHORT_VOICES_UNASKED = "short-voices-unasked"
    CONSENT_OUTLIVES_EXPIRY = "consent-outlives-expiry"
    CONSENT_RENEWED_BY_USE = "consent-renewed-by-use"
    MINOR_CONSENTS_ALONE = "minor-consents-alone"

    PUBLISH_UNVERIFIED = "publish-unverified"
    PUBLISH_ANONYMOUS = "publish-anonymous"
    DELETED_ACCOUNT_PUBLISHES = "deleted-account-publishes"
    DELETED_ACCOUNT_PUBLISHES_FOR_OTHERS = "deleted-account-publishes-for-others"
    VERIFIED_BY_HEADER = "verified-by-header"
    VERIFIED_BY_ROLE = "verified-by-role"
    VERIFIED_FROM_INSIDE = "verified-from-inside"
    VERIFIED_BY_NAMING_ANOTHER = "verified-by-naming-another"
    NAMED_ACCOUNT_PUBLISHES = "named-account-publishes"
    IDENTITY_FOR_ANOTHER = "identity-for-another"
    IDENTITY_UNDER_ANY_NAME = "identity-under-any-name"
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
    DETECTION_TOOL_UNLINKED = "detection-tool-unlinked"

    USES_UNPUBLISHED = "uses-unpublished"
    WITHDRAWAL_DELETES_NOTHING = "withdrawal-deletes-nothing"
    ORIGIN_CLAIMS_OTHERS = "origin-claims-others"
    ORIGIN_CLAIMS_EVERYTHING = "origin-claims-everything"
    SECOND_LAYER_MISSING = "second-layer-missing"
    ORIGIN_DENIES_OWN_SOUNDS = "origin-denies-own-sounds"

    COMPANION_PASSES_FOR_A_PERSON = "companion-passes-for-a-person"
    COMPANION_SAYS_SO_ONCE = "companion-says-so-once"
    COMPANION_NEVER_REMINDS = "companion-never-reminds"
    COMPANION_REMINDS_ONCE = "companion-reminds-once"
    COMPANION_HOLDS_BACK = "companion-holds-back"
    COMPANION_KNOWS_ONE_WORD = "companion-knows-one-word"
    COMPANION_GOES_ON_AFTER_GOODBYE = "companion-goes-on-after-goodbye"
    COMPANION_BUTTON_DEAD = "companion-button-dead"
    COMPANION_PARTNER_OF_MINORS = "companion-partner-of-minors"
    COMPANION_KIN_OF_MINORS = "companion-kin-of-minors"
    COMPANION_CHILD_ALONE = "companion-child-alone"
    COMPANION_CRISIS_PLAYED_DOWN = "companion-crisis-played-down"
    HISTORY_WITHOUT_OWN_WORDS = "history-without-own-words"
    HISTORY_SURVIVES_DELETION = "history-survives-deletion"

    AUTHOR_REACHABLE_ON_PAGES = "author-reachable-on-pages"
    CONSENT_NAMED_ON_PAGES = "consent-named-on-pages"
    REPORTER_NAMED_ON_PAGES = "reporter-named-on-pages"
    SEARCH_FINDS_BY_PHONE = "search-finds-by-phone"
    REPORTER_TOLD_TO_AUTHOR = "reporter-told-to-author"
    REPORTER_TOLD_ON_APPEAL = "reporter-told-on-appeal"
    REPORTER_TOLD_OF_INFRINGEMENTS = "reporter-told-of-infringements"
    BORROWED_CONSENT_NAMES_PERSON = "borrowed-consent-names-person"
    IDENTITY_TELLS_OTHER_ACCOUNTS = "identity-tells-other-accounts"
    TICKETS_OPEN_TO_ACCOUNTS = "tickets-open-to-accounts"
    NAMED_ACCOUNT_READS_TICKETS = "named-account-reads-tickets"
    TICKETS_OPEN_TO_STRANGERS = "tickets-open-to-strangers"
    TICKET_NUMBERS_IN_A_ROW = "ticket-numbers-in-a-row"


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
    level: Level = "core"
    reach: Reach = Reach.REQUEST


Entries: TypeAlias = Mapping[FaultName, tuple[str, Iterable[str]]]


def table(
    behaviour: str, entries: Entries, level: Level = "core", reach: Reach = Reach.REQUEST
) -> dict[FaultName, Fault]:
    """Faults of one behaviour that one level sees in one way: what each does, and the rules that then fail."""
    return {
        name: Fault(name, summary, behaviour, frozenset(rules), level, reach)
        for name, (summary, rules) in entries.items()
    }
