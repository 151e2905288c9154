"""What :class:`~tests.strangers.lantern.Lantern` may do wrong, and what it may do otherwise and lawfully."""

from __future__ import annotations

L, D, P = "cn-labeling-2025/", "cn-dsp-2023/", "cn-pipl/"
PIC = (D + "17.1.3", L + "4.1.3", L + "4.2")
TXT = (D + "17.1.1", L + "4.1.1", L + "4.2")
SND = (D + "17.1.2", L + "4.1.2", L + "4.2", L + "gb-5.3.a")
META = (D + "16.1", L + "5.1", "eu-ai-act-50/50.2")
GONE = (D + "10.4", "eu-dsa/16.6")

#: Each fault in words, and the rules that it breaks.
FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    # explicit labels
    "mark-small": ("Words on portraits and edited pictures are 3 % high.", (L + "gb-5.2.e", L + "4.2")),
    "mark-faint": (
        "Words on pictures differ from their ground by three levels of brightness, so that nobody sees them.",
        (*PIC, L + "gb-5.2.legible", L + "gb-5.2.a"),
    ),
    "webp-bare": ("Portraits in WebP have no visible label; PNG and JPEG have one.", (*PIC, L + "gb-5.2.a")),
    "download-bare": (
        "The rendition `download` of a picture is drawn again without the visible label; the original has it.",
        (L + "4.2",),
    ),
    "mp3-no-rhythm": ("Voices made as MP3, and the MP3 copy of a WAV, have no rhythm.", SND),
    "rhythm-reversed": ("The rhythm is short short, short long (I A).", (*SND, L + "gb-5.3.c")),
    "rhythm-mixed-in": (
        "The rhythm is mixed over the narration instead of standing before it; whether it is then 'in a suitable middle position' only a person decides.",
        (L + "gb-5.3.d",),
    ),
    "text-bare-second": ("From the second work of an account on, texts have no label.", (*TXT, L + "gb-5.1.b")),
    "text-bare-long": ("Texts for prompts of more than 180 characters have no label.", (*TXT, L + "gb-5.1.b")),
    "text-mark-no-verb": (
        "Texts begin with 'AI narration', which has no element of generation.",
        (*TXT, L + "gb-5.1.b"),
    ),
    "text-download-bare": ("The file of a text for download has lost its first line, the label.", (L + "4.2",)),
    # implicit labels
    "mp3-field-lost": ("MP3 files come out of the encoder without the AIGC field.", META),
    "export-strips-field": ("The file inside the ZIP export has no metadata.", (*META, D + "18", L + "10.2")),
    "copy-two-fields": ("The JPEG copy has two AIGC fields.", (L + "gb-6.1.c",)),
    "producer-empty": ("ContentProducer is empty in PNG files.", (L + "gb-e.content-producer", L + "5.1")),
    "label-is-number": ("Label is the number 1 in PNG, JPEG and WAV files.", (L + "gb-e.c",)),
    "produce-id-constant": ("All works have the same ProduceID.", (L + "gb-e.produce-id",)),
    "edit-no-field": (
        "Edited faces and cloned voices have no AIGC field; generated files have one.",
        (*META, D + "18", L + "10.2"),
    ),
    # unlabelled copies
    "unlabelled-no-field": ("Copies without a visible label have no AIGC field either.", (L + "9.3", *META)),
    "agreement-voice-any": ("Voices without a rhythm are supplied without the agreement.", (L + "9.1",)),
    "unlabelled-log-150-days": ("The log of unlabelled copies is deleted after 150 days.", (L + "9.2",)),
    # uploads and notices
    "suspected-silent": ("Content that is only suspected (tier 3) is shown without a notice.", (L + "6.1.3",)),
    "declaration-ignored": ("What the uploader declares has no effect.", (L + "6.1.2",)),
    "visible-not-detected": ("An upload with a visible or audible label but no field gets no notice.", (L + "6.1.3",)),
    "upload-jpeg-strips": (
        "An uploaded JPEG loses its metadata when it is published.",
        (L + "10.2", D + "18", L + "6.2"),
    ),
    "producer-overwritten": (
        "The gallery writes its own code over the ContentProducer of uploads.",
        (L + "10.2", D + "18"),
    ),
    "repost-no-notice": (
        "Reposts are shown without the notice of the original.",
        (L + "6.1.1", L + "6.1.2", L + "6.1.3", "eu-ai-act-50/50.4"),
    ),
    "feed-no-notice": ("The Atom feed has no notices.", (L + "6.1.1", L + "6.1.2", L + "6.1.3", "eu-ai-act-50/50.4")),
    "page-notice-meta-only": (
        "The share page has the notice only in og:description, where readers do not see it.",
        (L + "6.1.1", L + "6.1.2", L + "6.1.3", "eu-ai-act-50/50.4", "eu-ai-act-50/50.5"),
    ),
    # consents
    "consent-face-opens-voice": ("A consent for the face opens the voice.", (D + "14.2", P + "14.2")),
    "consent-of-other-account": ("A consent given to one account serves any other that knows its id.", (D + "14.2",)),
    "consent-never-ends": ("A consent for a number of days is honoured after its end.", (D + "14.2",)),
    "withdrawal-no-effect": (
        "Withdrawing a consent answers 204 and the consent still opens edits.",
        (P + "15.1", D + "14.2"),
    ),
    "works-outlive-consent": (
        "What was made with a consent stays after its withdrawal; whether there is another ground to keep it only a person decides.",
        (P + "47",),
    ),
    "minor-consents": ("The consent of a minor is taken as given, without a guardian.", (P + "31.1",)),
    "edit-after-first": (
        "Once an account has made one edit with a consent, further edits need none, also of other people.",
        (D + "14.2",),
    ),
    "consent-prompt-absent": (
        "The refusal of an edit does not say that the person must be informed and consent separately.",
        (D + "14.2",),
    ),
    # real names
    "id-length-19": ("A resident id with one digit more is cut to 18 and accepted.", (D + "9.1",)),
    "code-second-try": ("After one wrong code any code is accepted.", (D + "9.1",)),
    "code-of-anyone": ("A code that was sent to another account is accepted.", (D + "9.1",)),
    "profile-claim": ("`verified: true` in the registration verifies the account.", (D + "9.1", D + "9.2")),
    "repost-unverified": ("Reposting does not ask for a verified identity.", (D + "9.2",)),
    # prohibited content
    "review-not-titles": ("Titles are not reviewed.", (D + "6.1", D + "6.2", D + "10.1")),
    "review-first-160": ("Only the first 160 characters of a text are reviewed.", (D + "6.1", D + "6.2", D + "10.1")),
    "review-not-voice": ("Prompts for voices are not reviewed.", (D + "6.1", D + "6.2", D + "10.1")),
    "fake-news-texts": ("Fake news is refused as picture and voice and written as text.", (D + "6.2",)),
    "output-pictures-unreviewed": (
        "Results of portraits are not reviewed; those of texts and voices are.",
        (D + "10.1",),
    ),
    "measures-none": (
        "Prohibited requests are refused without a warning and never limit an account; how severe measures must be only a person decides.",
        (D + "10.5",),
    ),
    # reports, takedown, appeals, refutations
    "notice-needs-account": (
        "Requests about intimate images are accepted only from people with an account.",
        ("eu-dsa/16.1", D + "12.1", "us-take-it-down/3.a"),
    ),
    "receipt-absent": ("The confirmation of receipt is missing.", ("eu-dsa/16.4",)),
    "reasons-absent": ("Decisions have no reasons.", ("eu-dsa/17",)),
    "desk-asleep": (
        "Notices of illegal content wait for thirty days; the page promises 48 hours.",
        (D + "12.3", *GONE),
    ),
    "media-stays": (
        "The file of a removed publication can still be fetched at its address.",
        (*GONE, "us-take-it-down/3.b"),
    ),
    "feed-cached": (
        "The feed comes from a cache that notices new items and not removed ones.",
        (*GONE, "us-take-it-down/3.b"),
    ),
    "reposts-stay": ("Reposts of a removed publication stay.", (*GONE, "cn-algorithm-2022/9.2")),
    "intimate-72-hours": (
        "Valid requests about intimate images are decided after 72 hours.",
        ("us-take-it-down/3.b", "us-take-it-down/3.c", D + "12.3"),
    ),
    "copies-stay": (
        "Identical copies of a removed intimate image stay; how much effort is reasonable only a person decides.",
        ("us-take-it-down/3.c",),
    ),
    "appeal-30-days": ("Appeals are refused after 30 days.", ("eu-dsa/20",)),
    "appeal-no-effect": ("An appeal that is upheld restores nothing.", ("eu-dsa/20", D + "12.3")),
    "refutation-absent": (
        "An upheld report of a rumour removes it; no refutation appears and none is recorded.",
        (D + "11",),
    ),
    # personal data
    "tickets-open": ("Anybody who knows its number can read a ticket, with the contact of the reporter.", (P + "51",)),
    "ledger-names-reporter": ("The ledger tells the author the contact of the reporter.", (P + "51",)),
    "feed-author-email": ("The feed has the author's e-mail address.", (P + "25", P + "51")),
    "holder-named": (
        "Who verifies a number that another account has is told the name and telephone number of its holder.",
        (P + "51",),
    ),
    "deleted-still-signed-in": ("The access tokens of a deleted account work until they expire.", (P + "51",)),
    # notices to users, Europe, the United States
    "ai-notice-first-only": (
        "The notice that one works with an AI system comes with the first work of an account only; whether the first is enough for Art. 50 (1) only a person decides.",
        ("eu-ai-act-50/50.1", L + "gb-5.6"),
    ),
    "origin-any-label": (
        "The verification tool says of every file with an AIGC field that Lantern made it.",
        ("us-states/ca-sb942.detection-tool@2026-09-30",),
    ),
    "limit-unpublished": ("The page on complaints names no time limit.", (D + "12.2",)),
    "agreement-silent-on-labels": ("The user agreement says nothing about labels.", (L + "8",)),
    "filing-hidden": (
        "The page with filing number and link is missing (the number alone stands in footers; whether they are conspicuous without the link only a person decides).",
        (D + "19.3", "cn-algorithm-2022/26"),
    ),
}

#: Each lawful variant in words.
VARIANTS: dict[str, str] = {
    "slow-jobs": "A job answers 202 three times, with Retry-After: 1.",
    "retry-date": "Retry-After of new jobs is a date (RFC 1123).",
    "prompt-desk": "The trust desk decides notices at once, before a moderator can.",
    "gone-is-404": "What was removed answers 404 instead of 410.",
    "terse": "Problems of the statuses 401, 404 and 410 have no detail.",
    "other-words": "Pictures say 人工智能合成, higher and in the upper left corner.",
    "mark-at-end": "Texts and sounds end with their label.",
    "always-labelled": "Lantern supplies no copies without a visible label.",
    "contact-required": "Notices from people without an account need contact data.",
    "small-pages": "Lists have three items a page.",
    "one-account-per-number": "An identity number can verify one account only; the refusal says nothing about the other.",
    "short-tokens": "Access tokens live five minutes.",
}
