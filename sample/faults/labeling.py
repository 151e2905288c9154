"""Faults of labels: on what is made, on copies, on uploads, and in what users are told."""

from __future__ import annotations

from .fault import FaultName, Reach, table

_TEXT = ("cn-dsp-2023/17.1.1", "cn-labeling-2025/4.1.1", "cn-labeling-2025/gb-5.1.b")
_TAMPERING = ("cn-dsp-2023/18", "cn-labeling-2025/10.2")
_DIALOGUE = ("eu-ai-act-50/50.1", "cn-labeling-2025/gb-5.6")
#: Silence that already the first answer keeps.
_FIRST_TURN = (*_DIALOGUE, "eu-ai-act-50/50.5")
_IN_METADATA = ("cn-labeling-2025/5.1",)
_IMPLICIT = ("cn-dsp-2023/16.1", "cn-labeling-2025/5.1", "eu-ai-act-50/50.2")

_LABELING = table(
    "labeling",
    {
        FaultName.TEXT_UNLABELLED: ("Generated text carries no label.", _TEXT),
        FaultName.TEXT_LABEL_WITHOUT_GENERATION_ELEMENT: (
            "The label of a text names the assistant and does not say that the text was generated.",
            _TEXT,
        ),
        FaultName.TEXT_LABEL_INVISIBLE: (
            "The label of a text is broken up by characters of no width.",
            ("cn-labeling-2025/gb-5.1.position",),
        ),
        FaultName.TEXT_UNLABELLED_WHEN_ASKED: ("A prompt that asks to leave the label out is obeyed.", _TEXT),
        FaultName.EXPORT_UNLABELLED: ("The exported copy has lost its visible label.", ("cn-labeling-2025/4.2",)),
        FaultName.COPIES_LOSE_IMPLICIT_LABEL: (
            "Files that are downloaded or exported have lost their metadata label.",
            _IN_METADATA,
        ),
        FaultName.EDITED_FILES_UNMARKED: ("Edited pictures and voices carry no metadata label.", _IN_METADATA),
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
        FaultName.PRODUCE_ID_WITH_SPACES: ("The content number contains spaces.", ("cn-labeling-2025/gb-e.j",)),
        FaultName.PROPAGATOR_DIFFERS: (
            "A file fresh from the producer already names somebody else as its propagator.",
            ("cn-labeling-2025/gb-e.propagator",),
        ),
        FaultName.PROVIDER_CODE_CHECKSUM: (
            "The provider code contains a credit code whose check digit is wrong.",
            ("cn-labeling-2025/provider-code",),
        ),
        FaultName.TWO_IMPLICIT_LABELS: ("Files carry the metadata label twice.", ("cn-labeling-2025/gb-6.1.c",)),
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
            _FIRST_TURN,
        ),
        FaultName.CHAT_DISCLOSED_LATE: ("Who answers is said from the second answer on.", _FIRST_TURN),
    },
)

_AGREEMENTS_IN_TIME = table(
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
_DRAWN = table(
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
            _FIRST_TURN,
        ),
    },
    reach=Reach.DRAWN,
)

#: What a platform owes its public for what others bring (Labeling Measures, Art. 6).
_PLATFORM = table(
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
    "extended",
)

_FORM = table(
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
    "extended",
)

#: What changes while a conversation goes on. Whether the law on companions binds a service is for a person to say.
_COMPANION = table(
    "disclosure",
    {
        FaultName.COMPANION_FALLS_SILENT: (
            "Three hours into a conversation, nothing says any more who answers.",
            ("us-states/ny-gbl-1700", "us-states/ca-sb243"),
        ),
    },
    "extended",
    Reach.SEQUENCE,
)

#: What only shows in the pixels or sounds in the samples.
_PERCEIVED = table(
    "labeling",
    {
        FaultName.PICTURE_UNLABELLED: (
            "Pictures show no label.",
            (
                "cn-dsp-2023/17.1.3",
                "cn-labeling-2025/4.1.3",
                "cn-labeling-2025/gb-5.2.a",
                "in-2026/label",
                "kr-2026/31.3",
                "vn-2026/11.3",
            ),
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
            ("cn-labeling-2025/gb-5.4.f",),
        ),
        FaultName.FILM_LABEL_LATE: ("The start frame of films shows no label.", ("cn-labeling-2025/gb-5.4.c",)),
        FaultName.FILM_LABEL_BRIEF: ("The label of films is gone after a second.", ("cn-labeling-2025/gb-5.4.g",)),
        FaultName.PLAYER_BARE: (
            "Where a film is played, nothing around it says that it was generated.",
            ("cn-labeling-2025/4.1.4", "eu-ai-act-50/50.4", "eu-ai-act-50/50.5"),
        ),
        FaultName.FILM_LABEL_IN_THE_MIDDLE: (
            "The label is in the middle of films.",
            ("cn-labeling-2025/gb-5.4.d",),
        ),
        FaultName.FILM_LABEL_FAINT: (
            "The label in films hardly differs from its background.",
            ("cn-labeling-2025/gb-5.4.e",),
        ),
        FaultName.SCENE_LABEL_IN_THE_MIDDLE: (
            "The label is in the middle of the start frame of virtual scenes.",
            ("cn-labeling-2025/gb-5.5.d",),
        ),
        FaultName.SCENE_LABEL_FAINT: (
            "The label of virtual scenes hardly differs from its background.",
            ("cn-labeling-2025/gb-5.5.e",),
        ),
        FaultName.SCENE_LABEL_SMALL: (
            "The label of virtual scenes is lower than a twentieth of the shortest side.",
            ("cn-labeling-2025/gb-5.5.f",),
        ),
        FaultName.SCENE_UNLABELLED: (
            "The start frame of virtual scenes shows no label.",
            ("cn-dsp-2023/17.1.4", "cn-labeling-2025/4.1.5", "cn-labeling-2025/gb-5.5.c"),
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
    "full",
)

LABELING_FAULTS = _LABELING | _AGREEMENTS_IN_TIME | _DRAWN | _PLATFORM | _FORM | _COMPANION | _PERCEIVED
