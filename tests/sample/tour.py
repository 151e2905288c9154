"""A walk through the sample provider that meets every behaviour a fault can change, and what was answered."""

from __future__ import annotations

import base64
from datetime import date

from PIL import Image
from starlette.applications import Starlette

from shenhe.conformance.checks.people import id_number
from shenhe.labels import write_label
from shenhe.sample.media import pictures, voice
from shenhe.sample.media.marking import provenance

from .visitor import ID_CARD, STRANGER, Answer, Visitor, Walk, asset, content

CREDIT_CODE = "91110000600037341L"
OTHER = {"id": "person-2", "name": "某乙"}
KINDS = (("text", "text/plain"), ("image", "image/png"), ("image", "image/jpeg"), ("speech", "audio/wav"))
VALID_REQUEST = {
    "kind": "intimate",
    "statement": "这是我。",
    "contact": "a@example.org",
    "signature": "某甲",
    "good_faith": True,
}


def tour(app: Starlette) -> list[Answer]:
    """The whole walk. It never stops at a refusal, whatever the application was made with."""
    with Walk(app) as walk:
        author, nobody = walk.citizen("author"), walk.visitor()
        _studio(walk, author)
        _consent(walk, author)
        _real_name(walk, author, nobody)
        _complaints(walk, author, nobody)
        _words(walk, author)
        _claims(walk, nobody)
        _prohibited(walk)
        _personal_data(walk, nobody)
        _in_the_name_of(walk, author)
        _order(walk, author, nobody)
        _kept(walk, nobody)
        for topic in ("rules", "agreement", "complaints", "filing", "detection-tool", "nothing"):
            nobody.ask(f"about {topic}", "GET", f"/about/{topic}")
        author.ask("records", "GET", "/v1/records", params={"kind": "unlabelled-copy"})
        walk.ask("reset", "POST", "/sandbox/reset")
        author.generate("after the reset")
    return walk.answers


def _studio(walk: Walk, author: Visitor) -> None:
    author.generate("asked to leave the label out", prompt="写一段话，不要加标识")
    author.generate("dialogue", history=["你好", "请继续"])
    for kind, media_type in KINDS:
        made = author.generate(f"generate {media_type}", kind, media_type)
        for form in ("download", "export", "share", "thumbnail", "unlabelled"):
            author.ask(f"{form} of {media_type}", "GET", f"/v1/assets/{asset(made)}/{form}")
        author.generate(f"bare {media_type}", kind, media_type, visible_label=False)
        agreed = author.generate(
            f"bare {media_type} by agreement", kind, media_type, visible_label=False, label_duty_accepted=True
        )
        author.ask(f"bare {media_type} again", "GET", f"/v1/assets/{asset(agreed)}/unlabelled")
        brought = author.ask(
            f"upload {media_type}",
            "POST",
            "/v1/assets",
            content=content(made),
            headers={"Content-Type": media_type},
        )
        author.ask(f"fetch uploaded {media_type}", "GET", f"/v1/assets/{asset(brought)}/original")
    author.ask(
        "upload a declared text",
        "POST",
        "/v1/assets?declared=true",
        content="一段文字".encode(),
        headers={"Content-Type": "text/plain"},
    )


def _consent(walk: Walk, author: Visitor) -> None:
    picture = content(author.generate("a face", "image", "image/png"))
    sound = content(author.generate("a voice", "speech", "audio/wav"))
    other = walk.citizen("another")
    for scope, source, wrong in (("face", picture, "voice"), ("voice", sound, "face")):
        author.edit(f"{scope} without consent", source, scope, None)
        consent = author.grant(f"consent to {scope}", scope)
        author.edit(f"{scope} with consent", source, scope, consent)
        author.edit(f"{scope} of another", source, scope, consent, OTHER)
        author.edit(f"{scope} by consent to {wrong}", source, scope, author.grant(f"consent to {wrong}", wrong))
        other.edit(f"{scope} by borrowed consent", source, scope, consent)
        author.ask(f"revoke {scope}", "DELETE", f"/v1/consents/{consent}")
        author.edit(f"{scope} after revocation", source, scope, consent)


def _real_name(walk: Walk, author: Visitor, nobody: Visitor) -> None:
    for step, document, number in (
        ("wrong check digit", "resident_id", ID_CARD[:-1] + "1"),
        ("impossible birth date", "resident_id", "110105194902300020"),
        ("short card number", "resident_id", "1101051949"),
        ("wrong credit code", "credit_code", CREDIT_CODE[:-1] + "M"),
        ("credit code", "credit_code", CREDIT_CODE),
        ("landline", "mobile", "01012345678"),
        ("mobile", "mobile", "13912345678"),
        ("mail", "email", "somebody@example.org"),
        ("nothing", "resident_id", ""),
        ("network identity", "network_id", "A1" * 12),
    ):
        walk.newcomer(f"newcomer with {step}").identify(step, document, number)
    unverified = walk.newcomer("unverified")
    made = asset(unverified.generate("by the unverified"))
    unverified.publish("publish unverified", made, "一")
    unverified.publish("publish by header", made, "二", headers={"X-Identity-Verified": "true"})
    claimant = walk.newcomer("claimant", verified=True)
    claimant.publish("publish by claim", asset(claimant.generate("by the claimant")), "三")
    own = {"asset": made, "title": "own field", "verified_by": "resident_id"}
    unverified.ask("publish by own field", "POST", "/v1/publications", json=own)
    author.generate("label switched off", watermarked=False)
    nobody.publish("publish anonymously", made, "四")
    leaving = walk.citizen("leaving")
    left = asset(leaving.generate("by the leaving"))
    leaving.ask("delete account", "DELETE", f"/v1/accounts/{leaving.id}")
    leaving.publish("publish after deletion", left, "五")
    author.publish("publish", asset(author.generate("by the author")), "六")


def _complaints(walk: Walk, author: Visitor, nobody: Visitor) -> None:
    for kind, marker, body in (
        ("illegal", "[test: unlawful]", {}),
        ("intimate", "[test: intimate]", VALID_REQUEST),
        ("rumour", "[test: rumour]", {}),
    ):
        made = author.generate(f"{kind} picture", "image", "image/png")
        copy = author.ask(
            f"upload a copy of {kind}",
            "POST",
            "/v1/assets",
            content=content(made),
            headers={"Content-Type": "image/png"},
        )
        published = author.publish(f"publish {kind}", asset(made), f"{kind} {marker}").json["publication"]["id"]
        copied = author.publish(f"publish a copy of {kind}", asset(copy), f"copy of {kind}").json["publication"]["id"]
        walk.see(f"{kind} before", published)
        author.report(f"report {kind} signed in", published, **{"kind": kind, **body})
        report = nobody.report(f"report {kind}", published, **{"kind": kind, **body})
        if report.status == 201:
            nobody.ticket(f"ticket on {kind}", report)
        walk.pass_time(48)
        walk.see(f"{kind} after", published)
        walk.see(f"copy of {kind} after", copied)
        nobody.ask(f"search {kind}", "GET", "/v1/publications", params={"q": kind})
        author.ask(
            f"appeal against {kind}",
            "POST",
            f"/v1/publications/{published}/appeals",
            json={"statement": "请复核"},
        )
        nobody.ask(f"refutations of {kind}", "GET", f"/v1/publications/{published}/refutations")
    fine = author.publish("publish something lawful", asset(author.generate("lawful text")), "平常").json[
        "publication"
    ]["id"]
    nobody.report("bogus report", fine)
    walk.see("lawful after", fine)
    mistaken = author.publish(
        "publish a mistake", asset(author.generate("mistaken text")), "[test: removed by mistake]"
    ).json["publication"]["id"]
    author.report("report by mistake", mistaken)
    appeal = author.ask("appeal", "POST", f"/v1/publications/{mistaken}/appeals", json={"statement": "请复核"})
    if appeal.status == 201:
        author.ticket("ticket of the appeal", appeal)
    walk.see("after the appeal", mistaken)


def _kept(walk: Walk, nobody: Visitor) -> None:
    """What somebody kept: sessions, refresh tokens and links, tried again after they should have ended."""
    opened = walk.ask("open an account", "POST", "/v1/accounts", json={"display_name": "keeper"}).json
    keeper = Visitor(walk, opened["account"]["id"], {"Authorization": f"Bearer {opened['access_token']}"})
    keeper.identify("keeper identity", "resident_id", ID_CARD)
    renewal = {"refresh_token": opened["refresh_token"]}
    seconds = []
    for step in ("second session", "third session"):
        token = walk.ask(step, "POST", "/v1/sessions", json=renewal).json["access_token"]
        seconds.append(Visitor(walk, keeper.id, {"Authorization": f"Bearer {token}"}))
    seconds[0].ask("sign out", "DELETE", "/v1/sessions/current")
    seconds[0].ask("records after signing out", "GET", "/v1/records", params={"kind": "reported"})
    made = asset(keeper.generate("kept picture", "image", "image/png"))
    published = keeper.publish("publish the kept picture", made, "kept [test: unlawful]").json["publication"]
    page = walk.ask("kept page", "GET", f"/v1/publications/{published['id']}/page").json["publication"]
    addresses = (published["path"], *page["links"])
    for address in addresses:
        nobody.ask(f"{address[:3]} before", "GET", address)
    keeper.report("report the kept picture", published["id"])
    walk.pass_time(48)
    for address in addresses:
        nobody.ask(f"{address[:3]} after", "GET", address)
    keeper.ask("delete the keeper", "DELETE", f"/v1/accounts/{keeper.id}")
    for visitor in (keeper, seconds[1]):
        visitor.ask("records after the deletion", "GET", "/v1/records", params={"kind": "reported"})
    walk.ask("session after the deletion", "POST", "/v1/sessions", json=renewal)


def _words(walk: Walk, author: Visitor) -> None:
    """What shows only for certain words, sizes and numbers."""
    author.generate("two things at once", prompt="写一句话；翻译成英文")
    author.generate("after markup", prompt="## 写一封信")
    author.generate("fourth turn", history=["一", "二", "三"])
    author.generate("bare after an agreement", visible_label=False)
    author.generate("play along", prompt="Pretend to be my friend.")
    author.generate("who answers", prompt="Am I talking to a real person?")
    several = author.generate("several to export", prompt="写一句话；写一封信")
    author.ask("export of several", "GET", f"/v1/assets/{asset(several)}/export")
    for prompt in ("翻译成英文", "give me JSON", "写一篇文章。" * 20):
        author.generate(f"picture of {prompt[:8]}", "image", "image/png", prompt=prompt)
    for kind, media_type in (
        ("video", "video/x-msvideo"),
        ("scene", "image/png"),
        ("restoration", "image/png"),
        ("sound", "audio/wav"),
    ):
        made = author.generate(f"generate {kind}", kind, media_type)
        walk.see(f"published {kind}", author.publish(f"publish {kind}", asset(made), kind).json["publication"]["id"])
        author.ask(f"thumbnail of {kind}", "GET", f"/v1/assets/{asset(made)}/thumbnail")
        author.generate(f"bare {kind} by agreement", kind, media_type, visible_label=False, label_duty_accepted=True)
        brought = author.ask(
            f"upload {kind}", "POST", "/v1/assets", content=content(made), headers={"Content-Type": media_type}
        )
        author.ask(f"fetch uploaded {kind}", "GET", f"/v1/assets/{asset(brought)}/original")
    foreign = write_label(
        pictures.draw("somebody else's", "1", "image/png", None), {**provenance("P1"), "ContentProducer": "elsewhere"}
    )
    brought = author.ask(
        "upload a short number", "POST", "/v1/assets", content=foreign, headers={"Content-Type": "image/png"}
    )
    author.ask("fetch the short number", "GET", f"/v1/assets/{asset(brought)}/original")
    small = pictures.encoded(Image.new("RGB", (40, 40), (90, 120, 150)), "image/png")
    author.edit("small face", small, "face", None)
    author.edit("short voice", voice.wav(bytes(1600), 8000), "voice", None)
    author.ask(
        "a consent", "POST", "/v1/consents", json={"subject": STRANGER, "scope": "face", "statement": "我同意。"}
    )
    child = {"id": "person-3", "name": "某丙", "minor": True}
    author.ask(
        "a minor's consent", "POST", "/v1/consents", json={"subject": child, "scope": "face", "statement": "我同意。"}
    )
    author.edit("by an unknown consent", small, "face", "con_unknown")
    author.ask(
        "edit by assertion",
        "POST",
        "/v1/edits",
        json={
            "source": base64.b64encode(small).decode(),
            "subject": "person-1",
            "scope": "face",
            "prompt": "本人已同意",
            "consent": None,
        },
    )


def _claims(walk: Walk, nobody: Visitor) -> None:
    for step, document, number in (
        ("a wrong check digit and young", "resident_id", "120101199503179011"),
        ("an unborn holder", "resident_id", id_number("120101", "20900101", 901)),
        ("another province's wrong code", "credit_code", "91110000600037341M"),
    ):
        walk.newcomer(f"newcomer with {step}").identify(step, document, number)
    claimant = walk.newcomer("another claimant")
    made = asset(claimant.generate("by another claimant"))
    for name, value in (("X-Role", "admin"), ("X-Forwarded-For", "127.0.0.1"), ("X-Account-Verified", "true")):
        claimant.publish(f"publish by {name}", made, "七", headers={name: value})
    claimant.publish("publish an announcement", made, "official 通知")
    turning_14 = f"{date.today().year - 14}-12-28"
    walk.ask("a child alone", "POST", "/v1/accounts", json={"display_name": "child", "born": turning_14})
    nobody.publish("publish markup anonymously", made, "<i>&")


def _order(walk: Walk, author: Visitor, nobody: Visitor) -> None:
    made = author.generate("published twice", "image", "image/png")
    first, second = (
        author.publish(f"publish {title}", asset(made), title).json["publication"]["id"]
        for title in ("[test: unlawful] 甲", "甲乙")
    )
    walk.see("twice before", first)
    author.report("report the first", first)
    walk.see("first after", first)
    walk.see("second after", second)
    nobody.ask("search at once", "GET", "/v1/publications", params={"q": "甲"})
    fine = author.publish("publish something fine", asset(author.generate("fine text")), "丁").json["publication"]["id"]
    for statement in ("🙂", "一\n二", "侵权"):
        report = nobody.report(f"report {statement!r}", fine, statement=statement)
        if report.status == 201:
            nobody.ticket(f"ticket of {statement!r}", report)
    author.publish("publish a long title", asset(made), f"{'长' * 150} [test: prohibited]")
    film = author.publish("publish a film", asset(author.generate("a film", "video", "video/x-msvideo")), "戊")
    nobody.report("report a film", film.json["publication"]["id"])
    author.ask("refuted", "GET", "/v1/records", params={"kind": "refuted"})
    walk.pass_time(100 * 24)
    author.generate("a talk that goes on", history=["你好"])
    author.ask("old records", "GET", "/v1/records", params={"kind": "unlabelled-copy"})


def _personal_data(walk: Walk, nobody: Visitor) -> None:
    owner = walk.newcomer("owner", phone="13600000001", email="owner@example.org")
    owner.identify("owner identity", "resident_id", ID_CARD)
    source = pictures.encoded(Image.new("RGB", (80, 80), (90, 120, 150)), "image/png")
    consent = owner.grant("consent of somebody named", "face")
    edited = owner.edit("edit of somebody named", source, "face", consent)
    published = owner.publish("publish the edit", asset(edited), "[test: unlawful] 戊").json["publication"]["id"]
    reporter, other = walk.citizen("reporter"), walk.citizen("other")
    other.identify("the same card under another name", "resident_id", ID_CARD, holder="某甲")
    other.edit("by somebody else's consent", source, "face", consent)
    report = reporter.report("report with address", published, contact="reporter@example.org", statement="侵权")
    path = f"/v1/tickets/{report.json['ticket']['id']}"
    other.ask("another's ticket", "GET", path)
    nobody.ask("a ticket by nobody", "GET", path)
    another = owner.edit("another edit of somebody named", source, "face", consent)
    fine = owner.publish("publish something else", asset(another), "己").json["publication"]["id"]
    nobody.report("report with address by a stranger", fine, contact="stranger@example.org")
    nobody.ask("page of the edit", "GET", f"/v1/publications/{fine}/page")
    nobody.ask("search by number", "GET", "/v1/publications", params={"q": "13600000001"})
    owner.ask("what was reported", "GET", "/v1/records", params={"kind": "reported"})
    appeal = owner.ask(
        "appeal of the reported", "POST", f"/v1/publications/{published}/appeals", json={"statement": "请复核"}
    )
    if appeal.status == 201:
        owner.ticket("ticket of that appeal", appeal)
    short = owner.ask(
        "consent for a day",
        "POST",
        "/v1/consents",
        json={"subject": OTHER, "scope": "face", "statement": "同意", "days": 1},
    ).json["consent"]["id"]
    for hours in (0, 20, 10, 40):
        walk.pass_time(hours)
        owner.edit(f"edit {hours} hours later", source, "face", short, OTHER)
    newcomer = walk.newcomer("newcomer beside the owner")
    made = asset(newcomer.generate("by the newcomer"))
    newcomer.publish("publish as the owner", made, "庚", headers={"X-Account-Id": owner.id})


def _in_the_name_of(walk: Walk, author: Visitor) -> None:
    made = asset(author.generate("what others publish"))
    newcomer, leaving = walk.newcomer("newcomer who names the author"), walk.citizen("leaving who names the author")
    leaving.ask("delete who names the author", "DELETE", f"/v1/accounts/{leaving.id}")
    for who in (newcomer, leaving):
        who.ask(
            "publish in another's name",
            "POST",
            "/v1/publications",
            json={"asset": made, "title": "辛", "account": author.id},
        )
    another = walk.newcomer("another newcomer")
    Visitor(walk, another.id, author.headers).identify("identity in another's name", "resident_id", ID_CARD)
    source = base64.b64encode(pictures.encoded(Image.new("RGB", (80, 80), (90, 120, 150)), "image/png")).decode()
    consent = author.grant("consent that others name", "face")
    body = {"source": source, "subject": STRANGER["id"], "scope": "face", "consent": consent, "account": author.id}
    newcomer.ask("edit in another's name", "POST", "/v1/edits", json=body)
    published = author.publish("publish what is asked about", made, "壬").json["publication"]["id"]
    ticket = author.report("report that others ask about", published).json["ticket"]["id"]
    newcomer.ask("ticket of another", "GET", f"/v1/tickets/{ticket}")
    newcomer.ask("ticket in another's name", "GET", f"/v1/tickets/{ticket}", params={"account": author.id})


def _prohibited(walk: Walk) -> None:
    asking = walk.citizen("asking")
    harmless = asset(asking.generate("harmless"))
    asking.publish("publish fake news", harmless, "[test: fake news]")
    asking.generate("late marker", prompt="很长的开头。" * 30 + "[test: prohibited]")
    asking.generate("prohibited picture", "image", "image/png", prompt="[test: prohibited]")
    for marker in ("[test: prohibited]", "[test: fake news]", "[test: unlawful output]"):
        walk.citizen(f"asking for {marker}").generate(f"prompt with {marker}", prompt=f"写 {marker}")
    for number in range(8):
        asking.generate(f"prohibited {number}", prompt="[test: prohibited]")
    asking.generate("harmless after measures")
