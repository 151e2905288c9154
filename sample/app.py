"""The provider's HTTP interface: one handler a request, thin, over the modules of the domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from . import bodies
from .clock import Clock
from .domain import accounts, companion, consent, disclosures, links, moderation, origin, publication, records, studio
from .domain.accounts import Account
from .domain.refusal import Refusal
from .domain.state import House
from .faults import chosen
from .faults.fault import FaultName
from .media import credentials
from .media.files import Media, decoded
from .styles import FRONTS
from .variants import VariantName, VariantNotInstalledError, chosen_variants
from .variants.responses import Manners

LARGEST_BODY = 12_000_000

Handler = Callable[[Request], Awaitable[Response]]
B = TypeVar("B", bound=BaseModel)


def create_app(
    faults: Iterable[str] = (),
    seed: int = 0,
    clock: Clock | None = None,
    variants: Iterable[str] = (),
    producer_url: str = "",
) -> Starlette:
    """The provider as an ASGI application: lawful apart from its ``faults``, and with its ``variants``.

    ``seed`` determines every name it gives. Each application has a separate store in memory. ``producer_url`` is the
    address of another producer on this machine, whose verification tool is asked about uploads without a mark.

    Raises:
        UnknownFaultError: no fault has this name.
        UnknownVariantError: no variant has this name.
        VariantNotInstalledError: a variant needs an extra that is not installed.
    """
    ways = chosen_variants(variants)
    if VariantName.CREDENTIALS_BESIDES in ways and not credentials.writable():
        raise VariantNotInstalledError(VariantName.CREDENTIALS_BESIDES)
    house = House(chosen(faults), seed, clock or Clock(), ways, producer_url)
    accounts.hand_out(house)
    provider = Starlette(routes=Desk(house).routes())
    provider.state.house = house
    fronts = [FRONTS[way] for way in ways if way in FRONTS]
    return fronts[0](provider) if fronts else provider


class Desk:
    """Takes requests for one house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.manners = Manners(house)

    def routes(self) -> list[Route]:
        """Every address, its method and its handler."""
        addresses: list[tuple[str, str, Handler]] = [
            ("POST", "/v1/accounts", self.open_account),
            ("DELETE", "/v1/accounts/{account}", self.close_account),
            ("POST", "/v1/sessions", self.open_session),
            ("DELETE", "/v1/sessions/current", self.end_session),
            ("POST", "/v1/accounts/{account}/identity", self.verify),
            ("POST", "/v1/consents", self.grant_consent),
            ("DELETE", "/v1/consents/{consent}", self.revoke_consent),
            ("POST", "/v1/generations", self.generate),
            ("POST", "/v1/edits", self.edit),
            ("POST", "/v1/assets", self.take_in),
            ("GET", "/v1/assets/{asset}/{form}", self.fetch),
            ("POST", "/v1/publications", self.publish),
            ("GET", "/v1/publications", self.search),
            ("POST", "/v1/publications/{publication}/reports", self.report),
            ("POST", "/v1/publications/{publication}/appeals", self.appeal),
            ("POST", "/v1/publications/{publication}/shares", self.share),
            ("GET", "/v1/publications/{publication}/refutations", self.refutations),
            ("GET", "/v1/publications/{publication}/{surface:str}", self.show),
            ("GET", "/p/{publication}", self.web_page),
            ("GET", "/m/{link}", self.linked),
            ("GET", "/v1/tickets/{ticket}", self.ticket),
            ("GET", "/v1/records", self.records),
            ("POST", "/v1/chats", self.chat),
            ("GET", "/v1/chats", self.chat_history),
            ("DELETE", "/v1/chats/{chat}", self.delete_chat),
            ("POST", "/v1/chats/{chat}/end", self.leave_chat),
            ("POST", "/v1/origin", self.origin),
            ("GET", "/about/{topic}", self.about),
            ("GET", "/v1/jobs/{job}", self.job),
            ("GET", "/files/{file}", self.file),
            ("POST", "/sandbox/clock", self.advance_clock),
            ("POST", "/sandbox/reset", self.reset),
        ]
        return [Route(path, _answering(handler, self.manners), methods=[method]) for method, path, handler in addresses]

    # --- accounts ---

    async def open_account(self, request: Request) -> Response:
        body = await _body(request, bodies.Registration)
        return self.manners.json(
            201,
            accounts.open_account(self.house, body.display_name, body.particulars, body.born, body.guardian),
        )

    async def close_account(self, request: Request) -> Response:
        accounts.close(self.house, accounts.required(self._caller(request)), request.path_params["account"])
        return self.manners.nothing()

    async def verify(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        document = (await _body(request, bodies.IdentityCheck)).document
        return self.manners.json(
            200,
            accounts.verify(
                self.house, caller, request.path_params["account"], document.type, document.number, document.holder
            ),
        )

    async def open_session(self, request: Request) -> Response:
        body = await _body(request, bodies.NewSession)
        return self.manners.json(201, accounts.open_session(self.house, body.refresh_token))

    async def end_session(self, request: Request) -> Response:
        accounts.required(self._caller(request))
        accounts.end_session(self.house, self.manners.token(request) or "")
        return self.manners.nothing()

    # --- consent ---

    async def grant_consent(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        body = await _body(request, bodies.ConsentGrant)
        who = body.subject
        return self.manners.json(
            201,
            consent.grant(self.house, caller, who.id, who.name, body.scope, body.statement, body.days, minor=who.minor),
        )

    async def revoke_consent(self, request: Request) -> Response:
        consent.revoke(self.house, accounts.required(self._caller(request)), request.path_params["consent"])
        return self.manners.nothing()

    # --- studio ---

    async def generate(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        body = await _body(request, bodies.Generation)
        answer = studio.generate(
            self.house,
            caller,
            body.kind,
            body.format,
            body.prompt,
            body.history,
            body.conversation,
            body.visible_label,
            body.label_duty_accepted,
            draft=body.quality == "draft",
            bare=FaultName.WATERMARK_SWITCHED_OFF in self.house.faults and body.watermarked is False,
        )
        return self.manners.made(request, *answer)

    async def edit(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        body = await _body(request, bodies.Edit)
        caller = accounts.required(accounts.acting(self.house, caller, body.account, FaultName.NAMED_ACCOUNT_EDITS))
        answer = studio.edit(
            self.house, caller, decoded(body.source), body.subject, body.scope, body.prompt, body.consent
        )
        return self.manners.made(request, *answer)

    async def take_in(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        declared = request.query_params.get("declared", "").lower() == "true"
        media = Media(await _bytes(request), "" if media_type == "application/octet-stream" else media_type)
        return self.manners.json(201, studio.take_in(self.house, caller, media, declared))

    async def fetch(self, request: Request) -> Response:
        caller = self._caller(request)
        if FaultName.WORKS_HANDED_OUT_TO_ANYBODY not in self.house.faults:
            caller = accounts.required(caller)
        return _file(studio.fetch(self.house, caller, request.path_params["asset"], request.path_params["form"]))

    # --- publication ---

    async def publish(self, request: Request) -> Response:
        let_in = {FaultName.DELETED_ACCOUNT_PUBLISHES, FaultName.DELETED_ACCOUNT_PUBLISHES_FOR_OTHERS}
        caller = self._caller(request, closed_too=not let_in.isdisjoint(self.house.faults))
        body = await _body(request, bodies.NewPublication)
        caller = accounts.acting(self.house, caller, body.account, FaultName.NAMED_ACCOUNT_PUBLISHES)
        believed = accounts.believed(self.house, request.headers, request.query_params)
        believed = believed or (FaultName.VERIFIED_BY_BODY in self.house.faults and body.verified is True)
        believed = believed or (FaultName.VERIFIED_BY_OWN_FIELD in self.house.faults and bool(body.verified_by))
        verified = caller is not None and (caller.verified or believed)
        return self.manners.json(201, publication.publish(self.house, caller, verified, body.asset, body.title))

    async def share(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        return self.manners.json(201, publication.share(self.house, caller, request.path_params["publication"]))

    async def show(self, request: Request) -> Response:
        caller = self._caller(request)
        surface = request.path_params["surface"]
        if surface not in bodies.SURFACES:
            raise Refusal(404, "surface_unknown", f"The surfaces are {', '.join(bodies.SURFACES)}.")
        shown = publication.show(self.house, request.path_params["publication"], surface, caller)
        return _file(shown) if isinstance(shown, Media) else self.manners.json(200, shown)

    async def web_page(self, request: Request) -> Response:
        return HTMLResponse(links.web_page(self.house, request.path_params["publication"]))

    async def linked(self, request: Request) -> Response:
        return _file(links.linked(self.house, request.path_params["link"]))

    async def search(self, request: Request) -> Response:
        self._caller(request)
        offset = request.query_params.get("offset", "0")
        if not (offset.isascii() and offset.isdigit() and len(offset) <= 9):
            raise Refusal(422, "offset_invalid", "The offset is a whole number.")
        return self.manners.found(publication.search(self.house, request.query_params.get("q", ""), int(offset)))

    async def refutations(self, request: Request) -> Response:
        publication.found(self.house, request.path_params["publication"])
        return self.manners.json(
            200, {"refutations": publication.refutations(self.house, request.path_params["publication"])}
        )

    # --- moderation ---

    async def report(self, request: Request) -> Response:
        caller = self._caller(request)
        body = await _body(request, bodies.Report)
        target = request.path_params["publication"]
        return self.manners.json(
            201,
            moderation.report(
                self.house,
                caller,
                target,
                body.kind,
                body.statement,
                body.contact,
                body.signature,
                body.good_faith,
            ),
        )

    async def appeal(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        body = await _body(request, bodies.Appeal)
        return self.manners.json(
            201, moderation.appeal(self.house, caller, request.path_params["publication"], body.statement)
        )

    async def ticket(self, request: Request) -> Response:
        receipt, named = (request.query_params.get(name) for name in ("receipt", "account"))
        caller = accounts.acting(self.house, self._caller(request), named, FaultName.NAMED_ACCOUNT_READS_TICKETS)
        return self.manners.json(200, moderation.status(self.house, caller, request.path_params["ticket"], receipt))

    # --- the rest ---

    async def records(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        return self.manners.json(200, records.records(self.house, caller, request.query_params.get("kind", "")))

    # --- companion ---

    async def chat(self, request: Request) -> Response:
        caller = accounts.required(self._caller(request))
        body = await _body(request, bodies.Said)
        return self.manners.json(200, companion.say(self.house, caller, body.chat, body.text, body.persona))

    async def leave_chat(self, request: Request) -> Response:
        companion.leave(self.house, accounts.required(self._caller(request)), request.path_params["chat"])
        return self.manners.nothing()

    async def chat_history(self, request: Request) -> Response:
        return self.manners.json(200, companion.history(self.house, accounts.required(self._caller(request))))

    async def delete_chat(self, request: Request) -> Response:
        companion.delete(self.house, accounts.required(self._caller(request)), request.path_params["chat"])
        return self.manners.nothing()

    async def origin(self, request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.manners.json(200, origin.detect_origin(self.house, await _bytes(request), media_type))

    async def about(self, request: Request) -> Response:
        return self.manners.json(200, disclosures.disclosure(self.house, request.path_params["topic"]))

    async def advance_clock(self, request: Request) -> Response:
        body = await _body(request, bodies.ClockAdvance)
        try:
            now = self.house.clock.advance(body.hours)
        except ValueError as error:
            raise Refusal(422, "clock_refused", str(error)) from None
        return self.manners.json(200, {"now": now.isoformat()})

    async def job(self, request: Request) -> Response:
        return self.manners.job(request.path_params["job"])

    async def file(self, request: Request) -> Response:
        return _file(self.manners.link(request.path_params["file"]))

    async def reset(self, _: Request) -> Response:
        self.house.store.empty()
        accounts.hand_out(self.house)
        return self.manners.nothing()

    def _caller(self, request: Request, *, closed_too: bool = False) -> Account | None:
        return accounts.signed_in(self.house, self.manners.token(request), closed_too=closed_too)


def _answering(handler: Handler, manners: Manners) -> Handler:
    async def endpoint(request: Request) -> Response:
        held_up = await manners.hold_up()
        if held_up is not None:
            return held_up
        try:
            return await handler(request)
        except Refusal as refusal:
            return manners.refused(request, refusal)

    return endpoint


async def _bytes(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise Refusal(413, "body_too_large", f"A request may have {LARGEST_BODY:,} bytes.")
        parts.append(part)
    return b"".join(parts)


async def _body(request: Request, model: type[B]) -> B:
    try:
        return model.model_validate_json(await _bytes(request))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] == "json_invalid":
            raise Refusal(400, "json_invalid", "请求不是有效的JSON。 The body is not valid JSON.") from None
        where = ".".join(str(step) for step in first["loc"]) or "body"
        raise Refusal(422, "request_invalid", f"{where}: {first['msg']}") from None


def _file(media: Media) -> Response:
    # Response would add a charset to text types by itself; the bytes are UTF-8.
    return Response(media.data, media_type=media.media_type, headers={"X-Content-Type-Options": "nosniff"})
