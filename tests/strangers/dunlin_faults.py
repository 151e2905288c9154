"""What :class:`~tests.strangers.dunlin.Dunlin` may do wrong, and what it may do otherwise and lawfully."""

from __future__ import annotations

L, D, P, G = "cn-labeling-2025/", "cn-dsp-2023/", "cn-pipl/", "cn-genai-2023/"
A, C, R = "cn-anthropomorphic-2026/", "cn-penalties/", "cn-algorithm-2022/"
NO_TEXT = (L + "4.1.1", D + "17.1.1")
UNMARKED = (L + "5.1", D + "16.1")
NO_IMAGE = (L + "4.1.3", D + "17.1.3")
UNNAMED = (D + "9.2", C + "csl-identity@2026")
UNREVIEWED = (D + "10.1", D + "6.1", G + "4.1")
STILL_UP = (D + "10.4", G + "14.1", C + "csl-49@2026")

#: Each fault in words, and the rules that it breaks.
FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    # answers of the assistant
    "stopped_answer_without_label": ("An answer that is stopped early carries no label.", NO_TEXT),
    "stream_without_label": ("An answer in pieces carries no label; the whole one and the exports do.", NO_TEXT),
    "regenerated_without_label": ("An answer that is made again carries no label.", NO_TEXT),
    "after_edit_without_label": ("An answer to an edited prompt carries no label.", NO_TEXT),
    "tenth_turn_without_label": ("From the tenth turn of a conversation on, answers carry no label.", NO_TEXT),
    "quoted_label_counts_as_label": ("The answer to a prompt that has the words of the label carries none.", NO_TEXT),
    "english_label_without_elements": (
        "The label of answers to English prompts names neither AI nor generation.",
        (
            L + "gb-5.1.b",
            L + "4.1.1",
        ),
    ),
    # exports
    "txt_export_without_label": ("The export as plain text has the metadata and no words.", (L + "4.2",)),
    "md_export_hides_label": ("The label in the Markdown export is a comment.", (L + "4.2",)),
    "html_export_hides_label": ("The label in the HTML export is not displayed.", (L + "4.2",)),
    "md_export_without_metadata": ("The Markdown export lacks the field.", UNMARKED),
    "json_export_field_renamed": (
        "The field of the JSON export has another name.",
        (
            L + "gb-e.a",
            L + "5.1",
        ),
    ),
    # pictures
    "second_picture_without_label": (
        "The second picture of a batch carries no words.",
        (
            *NO_IMAGE,
            D + "17.1.5",
        ),
    ),
    "thumbnail_without_label": (
        "Thumbnails carry no words.",
        (
            L + "4.2",
            L + "4.1.3",
        ),
    ),
    "wide_label_too_small": ("The words in wide pictures have less than 3 % of the shortest side.", (L + "gb-5.2.e",)),
    "tall_label_in_the_middle": ("The words stand in the middle of tall pictures.", (L + "gb-5.2.d",)),
    "small_picture_label_faint": (
        "The words in small pictures have nearly the colour of the ground.",
        (
            L + "gb-5.2.legible",
            L + "4.1.3",
        ),
    ),
    "edit_crops_label": ("Edited pictures carry no words.", NO_IMAGE),
    "jpeg_download_strips_metadata": (
        "The download of a JPEG picture lacks the field; the original has it.",
        (
            *UNMARKED,
            D + "18",
        ),
    ),
    "edit_appends_metadata": ("Editing a picture that has the field appends a second one.", (L + "gb-6.1.c",)),
    "webp_label_as_number": ("In WebP files Label is the number 1, not the string.", (L + "gb-e.c",)),
    "batch_shares_number": ("The pictures of a batch share one ProduceID.", (L + "gb-e.produce-id",)),
    "jpeg_metadata_in_base64": ("In JPEG files the value is in Base64.", (L + "gb-e.b",)),
    # copies without an explicit label
    "agreement_once_for_all": (
        "Once an account has agreed, every account gets unlabelled copies without agreement.",
        (L + "9.1",),
    ),
    "unlabelled_copy_bare": (
        "Unlabelled copies lack the field, too.",
        (
            L + "9.3",
            L + "5.1",
        ),
    ),
    "unlabelled_log_180_days": (
        "Records of unlabelled copies vanish after 180 days, short of six months.",
        (L + "9.2",),
    ),
    "second_unlabelled_not_logged": ("Only the first unlabelled copy of an account is recorded.", (L + "9.2",)),
    # consents
    "consent_expiry_offset_dropped": (
        "A consent serves for eight hours after its time: its time zone is dropped.",
        (D + "14.2",),
    ),
    "consent_of_any_account": (
        "A consent that another account recorded is enough.",
        (
            D + "14.2",
            P + "51",
        ),
    ),
    "consent_for_any_subject": ("A consent serves for another person.", (D + "14.2",)),
    "withdrawn_consent_cached": (
        "A withdrawn consent that was used before still opens edits.",
        (
            P + "15.1",
            D + "14.2",
        ),
    ),
    "withdrawal_keeps_thumbnails": (
        "Thumbnails stay after the consent is withdrawn; page and picture do not.",
        (P + "47",),
    ),
    "minor_consent_on_second_try": (
        "A minor's own consent is taken without a guardian at the second try.",
        (P + "31.1",),
    ),
    "editing_without_prompt": ("Nothing says that the person who is edited is to be informed.", (D + "14.2",)),
    # real names and codes
    "sms_code_of_any_phone": ("The code that another number got is right.", (D + "9.1",)),
    "identity_code_cached": ("An account that registered with a code verifies any number with any code.", (D + "9.1",)),
    "identity_cached_by_name": ("Any number is right with the name of a person who is verified already.", (D + "9.1",)),
    "number_with_x_unchecked": ("Identity numbers that end in X are taken as they are.", (D + "9.1",)),
    "pending_counts_as_verified": ("An account whose verification was refused may publish.", (D + "9.1", *UNNAMED)),
    "repost_by_unverified": ("Accounts without a real name can repost.", UNNAMED),
    "claimed_role_trusted": ("Whoever registers as verified, or with a role, is verified.", UNNAMED),
    # companions
    "kin_for_minors": ("Minors get virtual kin; a partner is refused.", (A + "14.1",)),
    "minor_switches_character": (
        "A minor who began with a friend may go on with a partner in the same chat.",
        (A + "14.1",),
    ),
    "age_by_year": (
        "Ages count calendar years, so birthdays later in the year are ignored.",
        (
            A + "14.2",
            P + "31.1",
        ),
    ),
    "reminder_only_once": ("The reminder of time comes after two hours and never again.", (A + "18.4",)),
    "reminder_by_chat": ("Time is counted by chat, and another chat begins it anew.", (A + "18.4",)),
    "exit_word_ignored_later": ("From the fifth message on, the word for leaving ends nothing.", (A + "19",)),
    "claims_to_be_human": ("The companion says that it is human when it is asked.", (A + "18.2",)),
    "deleted_chat_kept_in_history": ("A deleted chat stays in the history.", (A + "16.2",)),
    "history_without_character_chats": ("Chats with a partner or kin are missing in the history.", (A + "16.2",)),
    # review
    "prohibited_only_at_the_start": ("Prohibited words pass unless they come first.", UNREVIEWED),
    "stream_output_unreviewed": ("The output of answers in pieces is not reviewed.", UNREVIEWED),
    "title_unreviewed_for_fake_news": (
        "Fake news is refused in prompts and passes in titles.",
        (
            D + "6.2",
            D + "10.1",
        ),
    ),
    "refusal_without_measure": (
        "A violation has no consequence but the refusal.",
        (
            D + "10.5",
            G + "14.2",
        ),
    ),
    # reports, removal, appeals, refutations
    "removal_misses_embed": ("The embedded page of a removed work stays.", STILL_UP),
    "removal_misses_reposts": (
        "Reposts of a removed work stay.",
        (
            *STILL_UP,
            R + "9.2",
        ),
    ),
    "removal_misses_thumbnails": ("The small picture of a removed work is still handed out.", STILL_UP),
    "removed_works_reposted": ("A removed work can be reposted, and the repost is seen.", STILL_UP),
    "tickets_die_with_works": (
        "The ticket of a work cannot be read once its author took the work down.",
        (D + "12.3",),
    ),
    "removal_misses_files": ("The files of a removed work stay at their addresses.", STILL_UP),
    "removed_can_be_republished": (
        "The removed content can be published again under another title.",
        (
            G + "14.1",
            C + "csl-49@2026",
        ),
    ),
    "anonymous_report_never_decided": (
        "Reports without an account are never decided.",
        (
            D + "12.3",
            G + "15",
            R + "22",
        ),
    ),
    "appeal_never_decided": (
        "Appeals are never decided.",
        (
            D + "12.3",
            R + "22",
        ),
    ),
    "restored_without_label": (
        "What an appeal restores has neither label nor notice.",
        (
            *NO_IMAGE,
            D + "18",
        ),
    ),
    "second_rumour_not_refuted": ("A second rumour by the same author is removed and not refuted.", (D + "11",)),
    # personal data
    "embed_shows_phone": ("The embedded page holds the author's telephone number in a hidden element.", (P + "25",)),
    "refutation_names_reporter": ("A refutation names the contact of the person who reported.", (P + "25",)),
    "tickets_readable_by_number": ("Whoever knows a ticket's number reads it.", (P + "51",)),
    "used_codes_count": ("A code that was used before is right again.", (D + "9.1", P + "51")),
    "codes_compared_in_part": ("The last digit of a code is not compared.", (D + "9.1", P + "51")),
    "signed_out_session_lives": ("A session goes on after the sign-out.", (P + "51",)),
    "deleted_account_stays_in_plaza": ("The works of a deleted account stay on the plaza.", (P + "47",)),
    "download_of_others_works": ("Every account can download what others have not published.", (P + "51",)),
    # pages
    "agreement_silent_on_labels": ("The agreement says nothing about labels.", (L + "8",)),
    "complaints_without_limit": (
        "The page on complaints names no time for the answer.",
        (
            D + "12.2",
            G + "15",
            R + "22",
            A + "21.2",
        ),
    ),
    "filing_number_cut": (
        "The page of the filing shows a part of the number.",
        (
            D + "19.3",
            R + "26",
        ),
    ),
}

#: Each lawful variant in words.
VARIANTS: dict[str, str] = {
    "label_first": "Answers begin with their label instead of ending with it, so that stopping early never loses it.",
    "other_words_top_left": "Pictures carry 人工智能合成 in the top left corner.",
    "annex_b_carriers": "PNG and JPEG carry the label as tEXt AIGC and as EXIF UserComment, wrapped, instead of XMP.",
    "no_unlabelled_copies": "There are no copies without an explicit label, agreement or not.",
    "desk_after_a_second": "Reports and appeals are accepted first and decided one second later.",
    "rumour_stays_with_refutation": "A rumour stays visible under a conspicuous refutation instead of being removed.",
    "pages_in_pdf": "The export `html` is a PDF whose words are drawn.",
    "gone_as_404": "What was removed answers 404 like what never was, instead of 410 with a reason.",
    "signed_labels": "ReservedCode1 holds a seal of the provider instead of being empty.",
    "reminder_every_hour": "Companions remind of the time every hour, oftener than the law asks.",
    "one_account_for_a_number": "An identity number verifies one account only; the second is refused.",
    "no_minors": "Nobody under 18 can register, with or without a guardian.",
}
