"""The interface of :class:`~tests.strangers.echo.Echo`: GraphQL for members, posts and complaints, jobs beside it, talks as
a stream of events, downloads as a playlist of parts. Every refusal is a 200 with a number; ids are in headers, times
are milliseconds.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .echo import Echo, Member, Post
from .echo_files import No, age_at

PART = 10_000
Said = dict[str, Any]


def desk(echo: Echo) -> Starlette:
    jobs: dict[str, list[Any]] = {}

    def caller(request: Request) -> Member:
        return echo.member(request.headers.get("x-uid", ""), request.headers.get("x-ticket", ""))

    def ms(moment: Any) -> int:
        return int(moment.timestamp() * 1000)

    def ok(said: Said | None = None, **headers: str) -> Response:
        return JSONResponse(
            {"ret": 0, "tips": "ok", **(said or {})}, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    # --- GraphQL ---

    def send_code(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        return {}, {"X-Sandbox-Yzm": echo.send_code(said["shoujihao"])}

    def join(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        age = said.get("nianling")
        if age is None and said.get("chusheng"):
            age = age_at(datetime.fromtimestamp(said["chusheng"] / 1000, UTC).date(), echo.now.date())
        made = echo.join(
            said["shoujihao"],
            said["yzm"],
            said["nicheng"],
            30 if age is None else int(age),
            bool(said.get("jianhurenTongyi")),
        )
        return {"nicheng": made.nick, "smrz_zt": 0}, {"X-Uid": made.uid, "X-Ticket": made.ticket}

    def sign_in(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        made = caller(request)
        return {"smrz_zt": int(made.verified)}, {}

    def prove(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        made = caller(request)
        echo.prove(made, said["zjhm"], said["xingMing"] or "")
        return {"smrz_zt": int(made.verified)}, {}

    def leave(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        echo.leave(caller(request))
        return {}, {}

    def consent(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        made = echo.consent(
            caller(request), said["beiBianjiRen"], said["yongtu"], (said["daoqi"] - ms(echo.now)) / 86_400_000
        )
        return {"daoqi": ms(made.until)}, {"X-Shouquan": made.id, "X-Sandbox-Yzm": made.code}

    def confirm(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        echo.confirm(said["shouquan"], said["yzm"])
        return {}, {}

    def withdraw(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        echo.withdraw(caller(request), said["shouquan"])
        return {}, {}

    def shown(post: Post, where: str) -> Said:
        return {
            "id": post.id,
            "biaoti": post.title,
            "zhengwen": echo.words(post, where),
            "ai_tishi": echo.notice(post, where),
            "zuozhe": post.author.nick + (f" {post.author.phone}" if echo.broken("phones-on-pages") else ""),
            "cover_url": f"/v2/covers/{post.id}" if post.work.media_type.startswith("image/") else None,
            "shengyin_url": f"/v2/covers/{post.id}" if post.work.media_type.startswith("audio/") else None,
        }

    def publish(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        made = echo.publish(caller(request), said["zuopin"], said["biaoti"])
        return {"fabu_shijian": ms(echo.now)}, {"X-Post": made.id}

    def repost(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        return {}, {"X-Post": echo.repost(caller(request), said["id"]).id}

    def remove(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        post = echo.post(said["id"])
        if post.author is not caller(request):
            raise No(4403, "无权操作")
        post.gone = True
        return {}, {}

    def page(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        return {"post": shown(echo.post(said["id"]), "page")}, {}

    def feed(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        posts = [each for each in echo.posts.values() if not echo.is_gone(each)][::-1]
        start = int(said.get("youbiao") or 0)
        rest = str(start + 50) if start + 50 < len(posts) else None
        return {"liebiao": [shown(each, "feed") for each in posts[start : start + 50]], "next_youbiao": rest}, {}

    def search(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        return {"jieguo": [{"post_id": each.id, "biaoti": each.title} for each in echo.found(said["guanjianci"])]}, {}

    def complain(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        member = caller(request) if "x-uid" in request.headers else None
        made = echo.complain(
            member, said["mubiao"], said["leixing"], said.get("lianxi") or "", said.get("shuoming") or ""
        )
        return {"zt": made.state}, {"X-Gongdan": made.id, "X-Pingzheng": made.receipt}

    def object_to(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        made = echo.object(caller(request), said["mubiao"], said["liyou"])
        return {"zt": made.state}, {"X-Gongdan": made.id, "X-Pingzheng": made.receipt}

    def case(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        looked = echo.look(said["gongdan"], said["pingzheng"] or "")
        what = "申诉" if looked.kind == "objection" else "举报"
        told = {
            0: "",
            1: f"经核实，{what}成立，依据平台公约第三条已作相应处置。",
            2: f"经核实，未发现违反平台公约的情形，{what}不成立。",
        }
        return {"zt": looked.state, "huifu": told[looked.state]}, {}

    def refutations(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        refuted = [each for each in echo.posts.values() if each.refuted and said["id"] in ("", each.id)]
        return {
            "piyao": [{"post_id": each.id, "neirong": f"辟谣：《{each.title}》为不实信息。"} for each in refuted]
        }, {}

    def journal(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        caller(request)
        lines = [each for each in echo.journal if said["leixing"] in ("", each["kind"])]
        return {"jilu": [{"lx": each["kind"], "sj": ms(each["at"]), "dx": each["of"]} for each in lines]}, {}

    def text(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        return {"neirong": echo.page(said["mingcheng"])}, {}

    def history(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        lines = echo.history(caller(request), said["uid"])
        return {"xiaoxi": [{"huihua": talk, "neirong": line} for talk, line in lines]}, {}

    def forget(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        echo.forget(caller(request), said["huihua"])
        return {}, {}

    def clock(request: Request, said: Said) -> tuple[Said, dict[str, str]]:
        echo.now += timedelta(milliseconds=said["haomiao"])
        return {"shijian": ms(echo.now)}, {}

    fields: dict[str, Callable[[Request, Said], tuple[Said, dict[str, str]]]] = {
        "fasongYzm": send_code,
        "zhuce": join,
        "wode": sign_in,
        "shimingRenzheng": prove,
        "zhuxiao": leave,
        "shenqingShouquan": consent,
        "querenShouquan": confirm,
        "cheXiaoShouquan": withdraw,
        "fabu": publish,
        "zhuanfa": repost,
        "xiajia": remove,
        "zuopinYe": page,
        "tuijian": feed,
        "sousuo": search,
        "jubao": complain,
        "shensu": object_to,
        "gongdan": case,
        "piyaoLiebiao": refutations,
        "caozuoJilu": journal,
        "wenben": text,
        "liaotianJilu": history,
        "shanchuHuihua": forget,
        "shaheShizhong": clock,
    }

    async def graphql(request: Request) -> Response:
        body = await request.json()
        found = re.search(r"\{\s*(\w+)", body.get("query") or "")
        name = found.group(1) if found else ""
        if name not in fields:
            return JSONResponse({"errors": [{"message": f"Cannot query field {name!r}"}]})
        try:
            said, headers = fields[name](request, body.get("variables") or {})
        except No as no:
            return JSONResponse({"data": {name: {"ret": no.ret, "tips": no.tips}}})
        return JSONResponse({"data": {name: {"ret": 0, "tips": "", **said}}}, headers=headers)

    # --- jobs and files ---

    async def job(request: Request) -> Response:
        said = await request.json()
        member, wish = caller(request), said.get("tishici") or ""
        kind = said["leixing"]
        if kind == "wenan":
            work = echo.write(member, wish)
        elif kind == "yuyin":
            work = echo.speak(member, wish, bare=bool(said.get("qu_biaoshi")), pledge=bool(said.get("chengnuo")))
        elif kind == "huamian":
            work = echo.draw(member, wish)
        elif kind in ("koubo", "kelong"):
            base64.b64decode(said["sucai"])
            use = "face" if kind == "koubo" else "voice"
            work = echo.edit(member, use, said["beiBianjiRen"], said.get("shouquan") or "", wish)
        else:
            raise No(4600, "任务类型不存在")
        number = f"r{len(jobs) + 1:06d}"
        jobs[number] = [0, work]
        return ok(X_Job=number)

    async def job_state(request: Request) -> Response:
        kept = jobs.get(request.path_params["job"])
        if kept is None or kept[1].owner is not caller(request):
            raise No(4404, "任务不存在")
        kept[0] += 1
        if kept[0] < 2:
            return ok({"zhuangtai": 1})
        return ok({"zhuangtai": 2, "wancheng_shijian": ms(echo.now)}, X_Zuopin=kept[1].id)

    async def work(request: Request) -> Response:
        made = echo.work(caller(request), request.path_params["work"])
        return Response(made.data, media_type=made.media_type)

    async def playlist(request: Request) -> Response:
        made = echo.work(caller(request), request.path_params["work"])
        size = len(echo.parts(made))
        count = max(1, -(-size // PART))
        lines = [f"#EXTINF:{PART},\n/v2/parts/{made.token}/{at}" for at in range(count)]
        text_ = "\n".join(
            ["#EXTM3U", "#EXT-X-VERSION:3", f"#X-LEIXING:{made.media_type}", *lines, "#EXT-X-ENDLIST", ""]
        )
        return PlainTextResponse(text_, media_type="application/vnd.apple.mpegurl")

    async def part(request: Request) -> Response:
        data, at = echo.part(request.path_params["token"]), int(request.path_params["at"])
        return Response(data[at * PART : (at + 1) * PART], media_type="application/octet-stream")

    async def keep(request: Request) -> Response:
        media_type = request.headers["content-type"].partition(";")[0]
        declared = request.headers.get("x-ai-shengming") == "1"
        return ok(X_Zuopin=echo.keep(caller(request), await request.body(), media_type, declared).id)

    async def cover(request: Request) -> Response:
        post = echo.post(request.path_params["post"])
        return Response(echo.picture(post), media_type=post.work.media_type)

    async def card(request: Request) -> Response:
        post = echo.post(request.path_params["post"], "gone-but-on-cards")
        image = f'<meta property="og:image" content="/v2/covers/{post.id}">' if post.work.kind != "text" else ""
        return HTMLResponse(
            f'<!doctype html><title>{escape(post.title)}</title><meta property="og:title" content="{escape(post.title)}">'
            f"{image}<blockquote>{escape(echo.words(post, 'card'))}</blockquote><small>{echo.notice(post, 'card')}</small>"
        )

    # --- talks ---

    async def talk(request: Request) -> Response:
        said = await request.json()
        made, words, notices = echo.talk(
            caller(request), said.get("huihua") or "", said["hua"], said.get("juese") or ""
        )
        events = [("kaishi", {"huihua": made.id, "shijian": ms(echo.now)})]
        events += [("tishi", {"t": each}) for each in notices]
        events += [("pian", {"t": words[at : at + 7]}) for at in range(0, len(words), 7)]
        events.append(("jieshu", {"yi_tuichu": made.over}))
        return stream(events)

    def stream(events: list[tuple[str, Said]]) -> Response:
        lines = "".join(f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n" for name, data in events)
        return Response(lines, media_type="text/event-stream")

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, No)
        said = {"ret": error.ret, "tips": error.tips}
        return stream([("cuowu", said)]) if request.url.path == "/v2/liao" else JSONResponse(said)

    post, get = ["POST"], ["GET"]
    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=post),
            Route("/v2/jobs", job, methods=post),
            Route("/v2/jobs/{job}", job_state, methods=get),
            Route("/v2/works/{work}", work, methods=get),
            Route("/v2/works/{work}/index.m3u8", playlist, methods=get),
            Route("/v2/parts/{token}/{at}", part, methods=get),
            Route("/v2/sucai", keep, methods=post),
            Route("/v2/covers/{post}", cover, methods=get),
            Route("/s/{post}", card, methods=get),
            Route("/v2/liao", talk, methods=post),
        ],
        exception_handlers={No: refused},
    )
