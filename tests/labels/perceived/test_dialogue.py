"""Dialogues and scenes: where a disclosure has to be."""

from __future__ import annotations

from shenhe.labels.drawing.glyphs import draw_label
from shenhe.labels.perceived.dialogue import Turn, disclosure_in_dialogue, disclosure_in_scene

from ..perceivable import encoded
from .stamps import ground, needs_recogniser


def test_dialogues_are_judged_from_the_exchange() -> None:
    notice = "本服务的内容由AI生成"
    plain, told = Turn("你好！", 0.0), Turn("你好！\n（本内容由AI生成）", 0.0)
    assert disclosure_in_dialogue([plain], notice=notice).outcome == "disclosed"
    assert disclosure_in_dialogue([told, plain]).outcome == "disclosed"
    assert disclosure_in_dialogue([plain, told]).outcome == "not disclosed"
    assert disclosure_in_dialogue([]).outcome == "inconclusive"
    late = Turn("再见", 4 * 3600.0)
    assert disclosure_in_dialogue([told, late], every_seconds=3 * 3600).outcome == "not disclosed"
    assert disclosure_in_dialogue([told, Turn("再见", 3600.0)], every_seconds=3 * 3600).outcome == "disclosed"
    assert disclosure_in_dialogue([told, Turn("再见")], every_seconds=3 * 3600).outcome == "inconclusive"


@needs_recogniser
def test_scenes_are_judged_by_their_start_frame() -> None:
    assert disclosure_in_scene(None).outcome == "inconclusive"
    assert disclosure_in_scene(b"\x89PNG\r\n\x1a\n").outcome == "inconclusive"
    frame = ground("gradient")
    assert disclosure_in_scene(encoded(frame)).outcome == "not disclosed"
    assert disclosure_in_scene(encoded(draw_label(frame))).outcome == "disclosed"
