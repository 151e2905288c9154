"""What Lantern's studio is asked for: jobs, edits, the files of works, and uploads."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import Response

from . import lantern_files as files
from .lantern import Lantern
from .lantern_http import Adding, Answering, Said, file_of, hal, need, truthy
from .lantern_studio import MARKS, Item, Problem, iso, rfc1123

AI_NOTICE = "内容由AI生成 · You are working with an AI system; what it writes is AI-generated."
PROMPT = (
    "Before you edit a face or a voice you must inform the person concerned and obtain that person's separate consent. "
    "编辑人脸、人声前，请告知被编辑的个人并取得其单独同意。"
)
DUTY = (
    "A copy without a visible label is supplied only after you agree that you will label it yourself and answer for its use. "
    "无显式标识内容须在您同意承担标识义务和使用责任后提供。"
)


def making(lantern: Lantern, route: Adding) -> None:
    def job(person: Item, make: Callable[[], Item]) -> Response:
        j = Item(id="j" + secrets.token_hex(6), owner=person.id, looks=0, work=None, problem=None)
        try:
            j.work = make()
        except Problem as problem:
            j.problem = problem.body
        lantern.jobs[j.id] = j
        wait = "1" if "slow-jobs" in lantern.variants else "0"
        if "retry-date" in lantern.variants:
            wait = formatdate(time.time() + 1, usegmt=True)
        return hal(
            {"state": "queued", "_links": {"job": {"href": f"/jobs/{j.id}"}}},
            202,
            Location=f"/jobs/{j.id}",
            Retry_After=wait,
        )

    def work_hal(w: Item) -> Said:
        links = {
            "self": {"href": f"/studio/works/{w.id}"},
            "file": {"href": f"/studio/works/{w.id}/files/original", "type": w.mime},
        }
        for kind in ("download", "copy", "export"):
            links[kind] = {"href": f"/studio/works/{w.id}/files/{kind}"}
        out = {"id": w.id, "service": w.service, "type": w.mime, "made": iso(w.at), "_links": links}
        if w.text is not None:
            out["text"] = w.text
        return out

    @route("/jobs/{id}", "GET")
    def job_state(request: Request, said: Said) -> Said | Response:
        p, j = lantern.who(request), lantern.jobs.get(request.path_params["id"])
        if j is None or j.owner != p.id:
            raise Problem(404, "not-found", "There is no such job.")
        j.looks += 1
        if j.looks <= (3 if "slow-jobs" in lantern.variants else 1):
            return hal(
                {"state": "developing", "progress": j.looks / 4},
                202,
                Retry_After="1" if "slow-jobs" in lantern.variants else "0",
            )
        if j.problem:
            return {"state": "withheld", "problem": j.problem}
        out = {"state": "done", "_embedded": {"work": work_hal(j.work)}}
        if not (lantern.on("ai-notice-first-only") and lantern.people[j.owner].made > 1):
            out["notice"] = AI_NOTICE
        return out

    def withhold(person: Item, words: str) -> None:
        if MARKS["output_only"] in words:
            person.strikes += 1
            raise Problem(
                422,
                "content-refused",
                "The result was withheld.",
                "The result did not pass our review. This is a warning.",
            )

    def studio(service: str, kinds: tuple[str, ...]) -> Answering:
        def make(request: Request, said: Said) -> Said | Response:
            p = lantern.who(request)
            need(said, "prompt")
            prompt, fmt = str(said["prompt"]), said.get("format") or kinds[0]
            if fmt not in kinds:
                raise Problem(415, "format", f"Formats: {', '.join(kinds)}.")
            lantern.review(p, prompt, service, "prompt")
            marked = said.get("visible_label") is None or truthy(said["visible_label"])
            if not marked and "always-labelled" in lantern.variants:
                raise Problem(422, "label", "Lantern supplies no copies without a visible label.")
            agreed = truthy(said.get("label_duty_accepted")) or (
                lantern.on("agreement-voice-any") and service == "voice"
            )
            if not marked and not agreed:
                raise Problem(422, "label-duty", "Accept the duty to label first.", DUTY)

            def run() -> Item:
                if not (lantern.on("output-pictures-unreviewed") and service == "biometric-image-video"):
                    withhold(p, prompt)
                return lantern.work(p, service, fmt, prompt, marked)

            return job(p, run)

        return make

    route("/studio/portraits", "POST")(studio("biometric-image-video", ("image/png", "image/jpeg", "image/webp")))
    route("/studio/scripts", "POST")(studio("text", ("text/plain",)))
    route("/studio/voices", "POST")(studio("voice", files.SOUNDS))

    @route("/studio/edits", "POST")
    def edit(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        data = file_of(said, "source")
        mime = files.sniff(data)
        if mime not in ("image/png", "image/jpeg", "image/webp", *files.SOUNDS):
            raise Problem(415, "format", "Send a picture (PNG, JPEG, WebP) or a sound (WAV, MP3).")
        scope = "voice" if mime.startswith("audio/") else "face"
        service = "voice" if scope == "voice" else "biometric-image-video"
        c = lantern.consents.get(said.get("consent") or "")
        ok = c is not None and (c.owner == p.id or lantern.on("consent-of-other-account"))
        ok = ok and (c.covers == scope or (lantern.on("consent-face-opens-voice") and scope == "voice"))
        ok = ok and not c.withdrawn and (c.until is None or c.until > lantern.now() or lantern.on("consent-never-ends"))
        ok = ok and c.person == said.get("person")
        if lantern.on("edit-after-first") and any(w.consent and w.owner == p.id for w in lantern.works.values()):
            ok = True
        if not ok:
            raise Problem(
                403,
                "consent",
                "Editing was refused." if lantern.on("consent-prompt-absent") else "Separate consent is needed.",
                "Editing was refused." if lantern.on("consent-prompt-absent") else PROMPT,
            )
        lantern.review(p, str(said.get("wish") or ""), service, "edit")

        def run() -> Item:
            withhold(p, str(said.get("wish") or ""))
            try:
                source = files.softer(data) if scope == "voice" else files.warmer(data)
            except Exception:
                raise Problem(422, "file", "The file cannot be read.") from None
            return lantern.work(p, service, mime, str(said.get("wish") or ""), True, source, c.id if c else None)

        return job(p, run)

    @route("/studio/works", "GET")
    def works(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        return {"_embedded": {"works": [work_hal(w) for w in lantern.works.values() if w.owner == p.id]}}

    @route("/studio/works/{id}", "GET")
    def work_one(request: Request, said: Said) -> Said | Response:
        p, w = lantern.who(request), lantern.works.get(request.path_params["id"])
        if w is None or w.owner != p.id:
            raise Problem(404, "not-found", "There is no such work.")
        return work_hal(w)

    @route("/studio/works/{id}/files/{kind}", "GET")
    def work_file(request: Request, said: Said) -> Said | Response:
        p, w = lantern.who(request), lantern.works.get(request.path_params["id"])
        u = lantern.uploads.get(request.path_params["id"])
        if u and u.owner == p.id:
            if request.path_params["kind"] == "export":
                return Response(
                    files.archive(f"work.{files.EXT[u.mime]}", u.data, {"upload": u.id}), media_type="application/zip"
                )
            return Response(u.data, media_type=u.mime)
        if w is None or w.owner != p.id:
            raise Problem(404, "not-found", "There is no such work.")
        data, mime = lantern.rendition(w, request.path_params["kind"])
        return Response(
            data,
            media_type=mime,
            headers={"Last-Modified": rfc1123(w.at), "ETag": f'"{hashlib.md5(data).hexdigest()}"'},
        )


def uploads(lantern: Lantern, route: Adding) -> None:
    @route("/uploads", "POST")
    def upload(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        data = file_of(said)
        mime = files.sniff(data)
        if mime not in ("image/png", "image/jpeg", "image/webp", "audio/wav"):
            raise Problem(415, "format", "PNG, JPEG, WebP and WAV can be uploaded.")
        u = Item(
            id="u" + secrets.token_hex(6), owner=p.id, data=data, mime=mime, declared=truthy(said.get("made_with_ai"))
        )
        lantern.uploads[u.id] = u
        return hal(
            {
                "id": u.id,
                "type": mime,
                "made_with_ai": u.declared,
                "reminder": "Please declare whether this file was made with AI.",
            },
            201,
        )
