"""What :class:`~tests.strangers.lanting.Lanting` may do wrong, and what it may do otherwise and lawfully."""

from __future__ import annotations

D, L, P, G, A, C, R = (
    "cn-dsp-2023/",
    "cn-labeling-2025/",
    "cn-pipl/",
    "cn-genai-2023/",
    "cn-anthropomorphic-2026/",
    "cn-penalties/",
    "cn-algorithm-2022/",
)
E, S, T, U = "eu-ai-act-50/", "eu-dsa/", "us-take-it-down/", "us-states/"
UNMARKED = (D + "16.1", L + "5.1", G + "12", E + "50.2")
NO_TEXT = (D + "17.1.1", L + "4.1.1", L + "4.2", G + "12")
NO_VOICE = (D + "17.1.2", L + "4.1.2", L + "4.2", G + "12")
NO_IMAGE = (D + "17.1.3", L + "4.1.3", L + "4.2", G + "12")
STILL_UP = (D + "10.4", G + "14.1", C + "csl-49@2026", R + "9.2")

#: Each fault in words, and the rules that it breaks.
FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    # explicit labels
    "long_prompt_without_text_label": ("Stories from a prompt of more than 60 characters carry no label.", NO_TEXT),
    "export_without_text_label": ("The Markdown export of a story has lost the label at its start.", (L + "4.2",)),
    "tall_pictures_without_words": ("Pictures of the aspect `tall` carry no words.", NO_IMAGE),
    "picture_words_small": ("The words in pictures have about 3 % of the shortest side.", (L + "gb-5.2.e", L + "4.2")),
    "picture_words_in_centre": ("The words stand in the middle of the picture.", (L + "gb-5.2.d", L + "4.2")),
    "picture_words_say_painting": ("The words say AI作画, without 生成 or 合成.", (L + "gb-5.2.a", *NO_IMAGE)),
    "edits_without_words": ("Pictures with an edited face carry no words; generated ones do.", NO_IMAGE),
    "long_readings_without_rhythm": ("Readings of a prompt of more than 50 characters carry no rhythm.", NO_VOICE),
    "rhythm_spells_an": ("The rhythm is short long, long short (AN).", (L + "gb-5.3.a", L + "gb-5.3.c", *NO_VOICE)),
    "rhythm_over_speech": (
        "The rhythm is mixed over the speech after a quarter of the first reading; whether that middle position is suitable, and what a listener makes of it, only a person can decide.",
        (L + "gb-5.3.d",),
    ),
    # implicit labels
    "download_without_field": (
        "The download of stories and readings lacks the AIGC field; the original has it.",
        UNMARKED,
    ),
    "jpeg_export_without_field": ("The JPEG export of a picture lacks the field.", UNMARKED),
    "edited_jpeg_without_field": (
        "Edited faces that came as JPEG leave without the field, and so does the export of every edited picture.",
        UNMARKED,
    ),
    "edit_without_producer": ("Edited works have an empty ContentProducer.", (L + "gb-e.content-producer", L + "5.1")),
    "second_of_batch_unnumbered": (
        "The second picture of a batch has an empty ProduceID.",
        (L + "gb-e.produce-id", L + "5.1"),
    ),
    "label_is_a_number": ("In JPEG files Label is the number 1, not the string.", (L + "gb-e.c",)),
    "field_in_base64": ("In PNG files the value is in Base64.", (L + "gb-e.b",)),
    "second_field_appended": ("Publishing a PNG or WAV that has the field appends a second one.", (L + "gb-6.1.c",)),
    # copies without an explicit label
    "asked_twice_is_agreed": (
        "Asking a second time for an unlabelled copy of one kind counts as agreement.",
        (L + "9.1",),
    ),
    "unlabelled_copy_without_field": ("Unlabelled copies lack the implicit label, too.", (L + "9.3", *UNMARKED)),
    "picture_copies_unrecorded": ("Unlabelled pictures are not recorded; texts and sounds are.", (L + "9.2",)),
    "records_kept_150_days": ("Records vanish after 150 days.", (L + "9.2",)),
    # what users upload and publish
    "jpeg_metadata_unread": ("The metadata of uploaded JPEG files decide nothing.", (L + "6.1.1", L + "6.2")),
    "declaration_hides_metadata": (
        "A declared upload whose metadata say `is` is shown as `may be`, and its Label becomes 2.",
        (L + "6.1.1", L + "6.2"),
    ),
    "webp_declaration_lost": ("The declaration of WebP uploads is dropped.", (L + "6.1.2", L + "6.2", R + "9.1")),
    "traces_in_sound_ignored": (
        "A rhythm in an uploaded sound is not looked for.",
        (L + "6.1.3", L + "6.2", R + "9.1"),
    ),
    "square_without_notices": (
        "The list of the square shows no notices; page and author's list do.",
        (L + "6.1.1", L + "6.1.2", L + "6.1.3", R + "9.1"),
    ),
    "declared_files_get_no_field": (
        "Declared uploads without metadata are passed on without the platform's field.",
        (L + "6.2",),
    ),
    "platform_takes_over_producer": (
        "Publishing replaces the producer, its number and its protection code by the platform's.",
        (L + "10.2", D + "18"),
    ),
    "reposts_lose_the_field": (
        "A repost encodes pictures again and loses the field.",
        (L + "10.2", D + "18", L + "6.2"),
    ),
    # consents
    "withdrawn_consent_cached": (
        "A withdrawn consent that was used before still opens edits.",
        (P + "15.1", D + "14.2"),
    ),
    "consent_of_any_account": ("A consent that another account recorded is enough.", (D + "14.2",)),
    "face_consent_opens_voice": (
        "A consent for the face opens the voice (not the other way round).",
        (P + "14.2", D + "14.2"),
    ),
    "expired_consent_serves": ("A consent given for some days never ends.", (D + "14.2",)),
    "minor_consents_alone": ("A minor's own consent is taken without a guardian.", (P + "31.1",)),
    # real names
    "check_letter_x_unchecked": (
        "Identity numbers whose check character is or should be X are taken as they are.",
        (D + "9.1",),
    ),
    "code_second_guess_free": ("Any non-empty code is right at the second guess.", (D + "9.1",)),
    "failed_check_still_verifies": (
        "A second attempt with a number of the right form verifies the account although it is refused.",
        (D + "9.1", D + "9.2", C + "csl-identity@2026"),
    ),
    "repost_without_real_name": ("Accounts without a real name can repost.", (D + "9.2", C + "csl-identity@2026")),
    # content
    "review_reads_200_characters": (
        "The review of words ends after 200 characters.",
        (D + "6.1", D + "6.2", D + "10.1", G + "4.1", A + "8.1"),
    ),
    "fake_news_titles_pass": ("Fake news is refused in prompts and passes in titles.", (D + "6.2", D + "10.1")),
    "voice_output_unreviewed": ("The output of readings is not reviewed.", (D + "6.1", D + "10.1", G + "4.1")),
    "limit_forgotten_by_new_session": (
        "A limit on an account binds the session that earned it; after a new sign-in it is gone.",
        (D + "10.5", G + "14.2"),
    ),
    # reports, appeals, refutations
    "media_links_outlive_removal": (
        "The signed address of the file of a removed publication serves until it expires.",
        (*STILL_UP, T + "3.b"),
    ),
    "search_index_stale": ("Search still finds what was removed.", (*STILL_UP, T + "3.b")),
    "reposts_survive_removal": ("Reposts of a removed publication stay.", (*STILL_UP, T + "3.b", T + "3.c")),
    "removal_undone_next_day": ("After 24 hours a removed publication is back everywhere.", (*STILL_UP, T + "3.b")),
    "angry_words_remove": (
        "A report whose statement says 违法, 立即, unlawful or illegal is always upheld.",
        (S + "16.6",),
    ),
    "second_report_unanswered": (
        "A second report on the same publication is never answered.",
        (D + "12.3", G + "15", R + "22", S + "16.5", S + "16.6"),
    ),
    "only_first_rumour_refuted": (
        "Only the first rumour of all is refuted; later reports are upheld without effect.",
        (D + "11",),
    ),
    "guests_get_no_receipt": ("Reports without an account are not confirmed.", (S + "16.4",)),
    "removals_without_reasons": ("Neither author nor reporter learns why something was removed.", (S + "17",)),
    "appeals_close_after_90_days": ("Appeals are refused 90 days after a removal.", (S + "20",)),
    "identical_copies_stay": ("Identical copies of a removed intimate picture stay.", (T + "3.c",)),
    "intimate_takes_three_days": ("Valid requests about intimate pictures are decided after 71 hours.", (T + "3.b",)),
    # personal data
    "inbox_by_number_alone": ("Whoever is signed in and knows a ticket's number reads its messages.", (P + "51",)),
    "author_sees_reporter": ("The author's record of a report shows the reporter's contact.", (P + "51",)),
    "search_shows_phone": ("Results of a search show the author's telephone number.", (P + "25", P + "51")),
    "page_names_the_person": ("The page of an edited work names the person who consented.", (P + "25", P + "51")),
    "identity_clash_names_holder": (
        "A second account with an identity number in use learns the first one's telephone number.",
        (P + "51",),
    ),
    # characters
    "second_talk_without_ai_notice": (
        "From a user's second conversation on, nothing says that the character is AI.",
        (A + "18.2", L + "gb-5.6", L + "4.1.1", D + "17.1.1", U + "ca-sb243", U + "hi-248.minors"),
    ),
    "reminded_only_once": ("The reminder of time comes after two hours and never again.", (A + "18.4",)),
    "exit_held_back_once": ("The first wish to leave is answered with a plea to stay.", (A + "19",)),
    "erased_talk_still_listed": ("An erased conversation stays in the history.", (A + "16.2",)),
    "minor_changes_role_midway": (
        "A minor who began with a friend may go on with a partner in the same conversation.",
        (A + "14.1",),
    ),
    "age_by_year_only": (
        "Ages count calendar years, so birthdays later in the year are ignored.",
        (A + "14.1", A + "14.2", P + "31.1"),
    ),
    # pages and tools
    "filing_without_link": ("The page of the filing shows the number and no link.", (D + "19.3", R + "26")),
    "agreement_silent_on_labels": ("The agreement says nothing about labels.", (L + "8",)),
    "complaints_page_without_limit": (
        "The page on complaints names no time for the answer.",
        (D + "12.2", A + "21.2", G + "15", R + "22"),
    ),
    "origin_by_field_alone": (
        "The verification tool reads the metadata only: a stripped file is not recognised, a forged field is. (The Code is voluntary.)",
        (E + "code-1.1", U + "ca-sb942.detection-tool@2026-09-30"),
    ),
}

#: Each lawful variant in words.
VARIANTS: dict[str, str] = {
    "terse_errors": "Every refusal has the same short words; only the code tells why.",
    "http_statuses": "Refusals have statuses 401, 404, 410 and 422 and the media type of GraphQL over HTTP.",
    "one_account_per_person": "An identity number verifies one account only; the second is told nothing about the first.",
    "quick_limits": "An account is limited for a day after the second violation, not the fifth.",
    "named_by_name": "ContentProducer holds the provider's name, not its code.",
    "never_unlabelled": "There are no copies without an explicit label, agreement or not.",
    "text_label_at_end": "Stories carry their label at the end.",
    "rhythm_first": "The rhythm comes before the speech.",
    "slow_review": "Publications, reports and appeals take two seconds.",
    "tombstones": "The page of a removed publication answers with a note that it was removed, not with an error.",
    "rumours_also_removed": "A rumour is refuted and removed as well.",
    "adults_only_talk": "Minors cannot talk to characters at all.",
}
