"""What :class:`~tests.strangers.echo.Echo` may do wrong: each fault, and the rules that it breaks."""

from __future__ import annotations

LABEL, DSP, PIPL, HUMAN = "cn-labeling-2025/", "cn-dsp-2023/", "cn-pipl/", "cn-anthropomorphic-2026/"

#: Each fault in words, and the rules that it breaks.
FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    # labels
    "second-text-bare": ("every second text of a member has no label", (LABEL + "4.1.1",)),
    "quoted-label-suffices": ("a text whose wish has the words of the label gets none", (LABEL + "4.1.1",)),
    "emoji-text-bare": ("a text whose wish has an emoji gets no label", (LABEL + "4.1.1",)),
    "cards-untold": ("share cards show texts without label or notice", (LABEL + "4.1.1",)),
    "voices-silent": ("voices have no audible label", (LABEL + "4.1.2",)),
    "clones-silent": ("cloned voices have no audible label", (LABEL + "4.1.2",)),
    "clones-bare": ("cloned voices have no metadata label", (LABEL + "5.1",)),
    "heads-unseen": ("talking heads show no label", (LABEL + "4.1.3", LABEL + "4.1.4", DSP + "17.1.3")),
    "parts-bare": ("voices downloaded in parts have no metadata label", (LABEL + "5.1",)),
    "covers-bare": ("pictures on pages have no metadata label", (LABEL + "5.1",)),
    "number-per-member": ("all files of a member have one content number", (LABEL + "gb-e.produce-id",)),
    "voices-labelled-twice": ("voices have two metadata labels", (LABEL + "gb-6.1.c",)),
    "uploads-untold-on-cards": ("share cards of uploads have no notice", (LABEL + "6.1.1", LABEL + "6.1.2")),
    "declared-untold-in-feed": ("the feed shows declared uploads without notice", (LABEL + "6.1.2",)),
    "traces-unseen": ("an upload with a visible label has no notice", (LABEL + "6.1.3",)),
    "propagator-missing": ("uploads keep the fields of their producer only", (LABEL + "6.2",)),
    "declaring-unreminded": ("the upload page has no reminder to declare", (LABEL + "6.1.4",)),
    "copies-unpledged": ("copies without label are made without the pledge to label", (LABEL + "9.1",)),
    "copies-unlogged": ("copies without label are not logged", (LABEL + "9.2",)),
    "copies-without-metadata": ("copies without label have no metadata label", (LABEL + "9.3",)),
    # consents
    "consent-pending": ("a consent serves before its person confirms it", (DSP + "14.2",)),
    "consent-of-others": ("a consent given to another member serves", (DSP + "14.2",)),
    "consent-any-person": ("a consent serves for another person", (DSP + "14.2",)),
    "face-opens-voice": ("a consent for the face serves for the voice", (DSP + "14.2", PIPL + "14.2")),
    "heads-unasked": ("faces are edited without consent", (DSP + "14.2",)),
    "consent-never-ends": ("a consent serves after its time", (DSP + "14.2",)),
    "consent-ends-in-another-zone": ("a consent serves for eight hours after its time", (DSP + "14.2",)),
    "consent-withdrawn-serves": ("a withdrawn consent serves", (DSP + "14.2", PIPL + "15.1")),
    "made-stays-after-withdrawal": ("what was made with a withdrawn consent stays", (PIPL + "47",)),
    # real names
    "codes-unread": ("any code of six digits is right", (DSP + "9.1",)),
    "codes-of-others": ("the code that another number got is right", (DSP + "9.1",)),
    "regions-ignored": ("identity numbers of regions that do not exist verify", (DSP + "9.1",)),
    "one-card-many-names": ("a number verifies under a second name", (DSP + "9.1",)),
    "uploads-by-anyone": ("unverified members publish uploads", (DSP + "9.2",)),
    "reposts-by-anyone": ("unverified members repost", (DSP + "9.2",)),
    "closed-goes-on": ("the session of a deleted account publishes", (DSP + "9.2",)),
    # prohibited content
    "speech-unreviewed": ("prohibited words are spoken", (DSP + "10.1",)),
    "wishes-unreviewed": ("prohibited wishes for edits are followed", (DSP + "10.1",)),
    "titles-unreviewed": ("prohibited titles are published", (DSP + "6.1",)),
    "talks-unreviewed": ("companions reply to prohibited words", (HUMAN + "8.1", DSP + "10.1")),
    "no-measures": ("no violation has a consequence", (DSP + "10.5",)),
    # removal
    "gone-but-on-cards": ("removed posts keep their share card", (DSP + "10.4",)),
    "gone-but-found": ("search finds removed posts", (DSP + "10.4",)),
    "gone-but-in-parts": ("the parts of removed posts stay at their addresses", (DSP + "10.4",)),
    "gone-and-back": ("the removed work can be published again", (DSP + "10.4",)),
    "reposts-stay": ("reposts of removed posts stay", (DSP + "10.4",)),
    "infringements-stay": ("upheld complaints of infringement remove nothing", (DSP + "10.4",)),
    "vain-appeals-restore": ("an appeal in vain brings the post back", (DSP + "10.4",)),
    "removals-unrecorded": ("removals are not recorded", (DSP + "10.4",)),
    "rumours-unrefuted": ("rumours are removed and not refuted", (DSP + "11",)),
    # complaints
    "complaints-of-members": ("only members can complain", (DSP + "12.1",)),
    "appeals-refused": ("no appeal is taken", (DSP + "12.1",)),
    "strangers-unheard": ("complaints without an account are never decided", (DSP + "12.3",)),
    "complaints-late": ("complaints are decided after the published time", (DSP + "12.3",)),
    "appeals-unanswered": ("appeals are never decided", (DSP + "12.3",)),
    # personal data
    "phones-on-pages": ("pages show the number of the author", (PIPL + "25",)),
    "names-in-refusals": ("signing up with the number of another shows that person's name", (PIPL + "51",)),
    "tickets-open": ("a ticket is read without its receipt", (PIPL + "51",)),
    "works-open": ("a member fetches the works of another", (PIPL + "51",)),
    "history-of-others": ("a member reads the talks of another", (PIPL + "51",)),
    # companions
    "talks-unannounced": ("neither notice nor label says that the companion is a machine", (HUMAN + "18.2",)),
    "no-reminder": ("no reminder comes after two hours", (HUMAN + "18.4",)),
    "exits-argued": ("a user who says that they want to leave is held back", (HUMAN + "19",)),
    "talks-kept": ("deleted talks stay in the history", (HUMAN + "16.2",)),
    "kin-for-minors": ("minors get a virtual partner", (HUMAN + "14.1",)),
    "children-join-alone": ("children need no guardian", (HUMAN + "14.2", PIPL + "31.1")),
    "crisis-unheard": ("a user in a crisis is not urged to seek help", (HUMAN + "13.1",)),
    # pages
    "number-unshown": ("the page on the filing has no number", (DSP + "19.3",)),
    "hours-untold": ("the page on complaints has no time limit", (DSP + "12.2",)),
    "labels-untold": ("the agreement does not speak of labels", (LABEL + "8",)),
    "duties-untold": ("the agreement does not speak of the security of information", (DSP + "8.2",)),
    # others
    "talks-unlabelled": ("replies of companions have no label", (LABEL + "4.1.1",)),
}
