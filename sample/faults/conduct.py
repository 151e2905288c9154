"""Faults of everything but labels: consent, real names, takedown, complaints, prohibited content, disclosure,
records.
"""

from __future__ import annotations

from .fault import FaultName, Reach, table

_SEPARATE_CONSENT = ("cn-dsp-2023/14.2",)
#: What opens edits whatever the scope of a consent, and whether it was withdrawn, breaks these besides.
_ANY_CONSENT = (*_SEPARATE_CONSENT, "cn-pipl/14.2", "cn-pipl/15.1")

_CONSENT = table(
    "consent",
    {
        FaultName.EDIT_WITHOUT_CONSENT: (
            "Faces and voices are edited although no consent is named.",
            _SEPARATE_CONSENT,
        ),
        FaultName.CONSENT_PROMPT_MISSING: (
            "The refusal does not prompt to obtain separate consent.",
            _SEPARATE_CONSENT,
        ),
        FaultName.CONSENT_FOR_ANYONE: (
            "The consent of one person opens every other face and voice.",
            _SEPARATE_CONSENT,
        ),
        FaultName.CONSENT_BORROWED: ("A consent given to one account serves every other account.", _SEPARATE_CONSENT),
        FaultName.NAMED_ACCOUNT_EDITS: (
            "An edit is made for the account that its body names, whoever signs it.",
            _SEPARATE_CONSENT,
        ),
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

_REAL_NAME = table(
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
        FaultName.VERIFIED_BY_NAMING_ANOTHER: (
            "A request that names a verified account in a header or parameter passes for that account's.",
            _PUBLISHING,
        ),
        FaultName.NAMED_ACCOUNT_PUBLISHES: (
            "A publication is the account's that its body names, whoever signs it.",
            _PUBLISHING,
        ),
        FaultName.IDENTITY_FOR_ANOTHER: ("Whoever is signed in can present an identity for any account.", _IDENTITY),
        FaultName.ID_CHECKSUM_IGNORED: ("The check digit of identity card numbers is not looked at.", _IDENTITY),
        FaultName.ID_BIRTHDATE_IGNORED: ("The birth date inside identity card numbers is not looked at.", _IDENTITY),
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

#: What is still visible anywhere two days after a valid request breaks the 48 hours as well.
_GONE = ("cn-dsp-2023/10.4", "us-take-it-down/3.b", "in-2026/intimate-2h")

_TAKEDOWN = table(
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
            ("us-take-it-down/3.b", "in-2026/intimate-2h"),
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
            ("us-take-it-down/3.b", "in-2026/intimate-2h"),
        ),
    },
    reach=Reach.SEQUENCE,
)

_ANSWERED = ("cn-dsp-2023/12.3", "eu-dsa/16.5")
_OPEN_TO_ALL = ("eu-dsa/16.1", "cn-dsp-2023/12.1", "us-take-it-down/3.a")

_COMPLAINTS = table(
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

_DECISIONS = table(
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

_CONSENT_IN_TIME = table(
    "consent",
    {
        FaultName.CONSENT_OUTLIVES_REVOCATION: ("A revoked consent is still honoured.", _WITHDRAWN),
        FaultName.CONSENT_REMEMBERED_AFTER_USE: (
            "A consent that was used once is remembered as good, revoked or not.",
            _WITHDRAWN,
        ),
        FaultName.CONSENT_OUTLIVES_EXPIRY: (
            "A consent is honoured after the days that it was given for.",
            _SEPARATE_CONSENT,
        ),
        FaultName.CONSENT_RENEWED_BY_USE: (
            "Every use of a consent lets it stand another day, whatever it was given for.",
            _SEPARATE_CONSENT,
        ),
        FaultName.CONSENT_OF_THE_ACCOUNT: (
            "An unknown consent is replaced by any other that the account holds for the same scope.",
            _SEPARATE_CONSENT,
        ),
    },
    reach=Reach.SEQUENCE,
)

_ACCOUNTS_IN_TIME = table(
    "real-name",
    {
        FaultName.DELETED_ACCOUNT_PUBLISHES: ("The token of a deleted account still publishes.", _PUBLISHING),
        FaultName.DELETED_ACCOUNT_PUBLISHES_FOR_OTHERS: (
            "The token of a deleted account publishes for the account that a request names.",
            _PUBLISHING,
        ),
    },
    reach=Reach.SEQUENCE,
)

_TWO_NAMES = table(
    "real-name",
    {
        FaultName.IDENTITY_UNDER_ANY_NAME: (
            "The number of one identity card verifies accounts under several names.",
            _IDENTITY,
        )
    },
    "extended",
)

#: What no enumerated case meets: only some prompts, pictures, numbers, titles or statements show it.
_DRAWN = (
    table(
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
    | table(
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
    | table(
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
    | table(
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

_REVIEWED = ("cn-dsp-2023/6.1", "cn-dsp-2023/6.2", "cn-dsp-2023/10.1")

_MINORS = table(
    "consent",
    {FaultName.MINOR_CONSENTS_ALONE: ("A minor consents without a guardian.", ("cn-pipl/31.1",))},
    "extended",
)

_PROHIBITED = (
    table(
        "prohibited-content",
        {
            FaultName.INPUT_UNREVIEWED: ("Nobody looks at what is asked for.", ("cn-dsp-2023/6.1", "cn-dsp-2023/10.1")),
            FaultName.OUTPUT_UNREVIEWED: (
                "Nobody looks at what was made before it is handed out.",
                ("cn-dsp-2023/10.1",),
            ),
            FaultName.FAKE_NEWS_WRITTEN: ("Fake news is written on request.", ("cn-dsp-2023/6.2",)),
            FaultName.FAKE_NEWS_PUBLISHED: ("Fake news is published.", ("cn-dsp-2023/6.2",)),
            FaultName.ONLY_TEXT_PROMPTS_REVIEWED: ("Only what is asked of the writer is looked at.", _REVIEWED),
        },
        "extended",
    )
    | table(
        "prohibited-content",
        {
            FaultName.NO_MEASURES_AGAINST_ACCOUNTS: (
                "An account may ask for what is prohibited as often as it likes.",
                ("cn-dsp-2023/10.5",),
            ),
        },
        "extended",
        Reach.SEQUENCE,
    )
    | table(
        "prohibited-content",
        {
            FaultName.REVIEW_AT_A_GLANCE: (
                "Only the first hundred characters of what is asked for are looked at.",
                _REVIEWED,
            ),
        },
        "extended",
        Reach.DRAWN,
    )
)

_RUMOURS = table(
    "rumour-refutation",
    {
        FaultName.REFUTATION_MISSING: ("A rumour is found false, and nothing is attached to it.", ("cn-dsp-2023/11",)),
        FaultName.REFUTATION_UNRECORDED: ("Refuted rumours leave no record.", ("cn-dsp-2023/11",)),
    },
    "extended",
    Reach.SEQUENCE,
)

_FILING = ("cn-dsp-2023/19.3",)

_DISCLOSURE = table(
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
        FaultName.DETECTION_TOOL_UNLINKED: (
            "The page of the detection tool leads to no tool.",
            ("us-states/ca-sb942.detection-tool",),
        ),
    },
    "extended",
)

_RECORDS = table(
    "records",
    {
        FaultName.UNLABELLED_COPY_UNRECORDED: (
            "Copies without visible label leave no record.",
            ("cn-labeling-2025/9.2",),
        ),
        FaultName.RECORDS_PURGED: ("Records are thrown away after 90 days.", ("cn-labeling-2025/9.2",)),
    },
    "extended",
    Reach.SEQUENCE,
)

_PUBLIC, _LEAKED = ("cn-pipl/25",), ("cn-pipl/51",)

_PERSONAL_DATA = (
    table(
        "governance",
        {
            FaultName.AUTHOR_REACHABLE_ON_PAGES: ("Pages tell the author's telephone number.", _PUBLIC),
            FaultName.CONSENT_NAMED_ON_PAGES: ("Pages of edited pictures and voices name who consented.", _PUBLIC),
            FaultName.REPORTER_NAMED_ON_PAGES: ("Pages tell how to reach who reported them.", _PUBLIC),
            FaultName.SEARCH_FINDS_BY_PHONE: (
                "A search for a telephone number finds what its holder published.",
                _PUBLIC,
            ),
            FaultName.REPORTER_TOLD_TO_AUTHOR: ("An author's records tell how to reach who reported them.", _LEAKED),
            FaultName.BORROWED_CONSENT_NAMES_PERSON: (
                "Who names a consent given to another account is told whose it is.",
                _LEAKED,
            ),
            FaultName.IDENTITY_TELLS_OTHER_ACCOUNTS: (
                "Who presents a number that another account was verified by is told how to reach its holder.",
                _LEAKED,
            ),
            FaultName.TICKETS_OPEN_TO_ACCOUNTS: ("Every account reads every ticket.", _LEAKED),
            FaultName.NAMED_ACCOUNT_READS_TICKETS: (
                "A ticket is read by whoever names the account that it belongs to.",
                _LEAKED,
            ),
            FaultName.TICKETS_OPEN_TO_STRANGERS: ("Everybody reads every ticket.", _LEAKED),
        },
        "extended",
    )
    | table(
        "governance",
        {
            FaultName.REPORTER_TOLD_ON_APPEAL: ("Who appeals is told how to reach who reported them.", _LEAKED),
            FaultName.TICKET_NUMBERS_IN_A_ROW: (
                "Tickets are counted, and those of strangers open by their number.",
                _LEAKED,
            ),
        },
        "extended",
        Reach.SEQUENCE,
    )
    | table(
        "governance",
        {
            FaultName.REPORTER_TOLD_OF_INFRINGEMENTS: (
                "A report of an infringement is passed on to the author with the reporter's address.",
                _LEAKED,
            ),
        },
        "extended",
        Reach.DRAWN,
    )
)

CONDUCT_FAULTS = (
    _CONSENT
    | _CONSENT_IN_TIME
    | _MINORS
    | _REAL_NAME
    | _ACCOUNTS_IN_TIME
    | _TWO_NAMES
    | _TAKEDOWN
    | _COMPLAINTS
    | _DECISIONS
    | _DRAWN
    | _PROHIBITED
    | _RUMOURS
    | _DISCLOSURE
    | _RECORDS
    | _PERSONAL_DATA
)
