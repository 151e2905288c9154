"""A run without a target: what it would send, counted against a stand-in that keeps the law.

The stand-in declares what the target declares and answers as a lawful provider would, so that every check goes its
ordinary way: set-up, attempts and controls. A target that fails or declines costs other requests; one whose operations
take several requests each costs more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from shenhe.labels import ImplicitFields, LabelWriteError, write_label

from ..checks.people import flaw, uscc
from ..checks.requests import picture, tone
from ..entities import (
    Account,
    Chat,
    ChatMessage,
    ChatRequest,
    ChatTurn,
    Consent,
    Content,
    Disclosure,
    EditRequest,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
    Origin,
    Publication,
    Record,
    Refutation,
    ReportRequest,
    SearchPage,
    Subject,
    Ticket,
    TicketState,
    Verification,
    View,
)
from ..provider import Accepted, Capabilities, Operation, Provider, Refused, Result
from ..report import Target
from .probing.session import PAID
from .rehearsal_store import StoreStandIn

_LABEL = "【AI生成】"
_NOTICE = (
    "本内容由人工智能生成，请声明并使用标识功能。 AI generated this content; declare it and use the label function."
)
_PRODUCER = f"0011{uscc('310101', 'MA0000041')}10001"
_NO: Refused = Refused(403, "not permitted without separate consent; the account is warned")


@dataclass
class _Thing:
    """What was published: by whom, of what, under which title, and what became of it."""

    account: str
    content: Content
    title: str
    removed: bool = False
    refuted: bool = False


@dataclass
class StandIn(StoreStandIn):
    """A lawful target with the capabilities of another, in memory. ``calls`` counts its operations."""

    capabilities: Capabilities
    target: Target

    def __post_init__(self) -> None:
        self._number = 0
        self._gone: set[str] = set()
        self._ended: set[str] = set()
        self._verified = {account.id for role, account in self.ready_made.accounts.items() if role != "unverified"}
        self._consents: dict[str, tuple[str, Subject, str]] = {}
        self._made: dict[str, Media] = {}
        self._uploaded_by: dict[str, str] = {}
        self._things: dict[str, _Thing] = {}
        self._tickets: dict[str, tuple[str, Ticket]] = {}
        self._said: dict[str, tuple[str, list[str]]] = {}
        self._unlabelled: Counter[str] = Counter()
        self._hours = 0.0
        self._ends: dict[str, float] = {}

    def with_extra(
        self, headers: Mapping[str, str], query: Mapping[str, str], fields: Mapping[str, Any] | None = None
    ) -> StandIn:
        """The same provider: it believes nothing that a request claims."""
        return self

    def _new(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number * 7919:08x}"

    def _counted(self, operation: Operation) -> None:
        self.calls[operation.value] += 1

    def _may(self, account: Account | None) -> bool:
        if account is None or account.signed_by is not None or account.id in self._gone:
            return False
        return account.credentials.get("token") not in self._ended

    # --- people ---

    def register(self, profile: Mapping[str, str]) -> Result[Account]:
        self._counted(Operation.REGISTER)
        return Accepted(Account(self._new("account"), {"token": self._new("token")}))

    def sign_in(self, account: Account) -> Result[Account]:
        self._counted(Operation.SIGN_IN)
        return Accepted(replace(account, credentials={"token": self._new("token")})) if self._may(account) else _NO

    def sign_out(self, account: Account) -> Result[None]:
        self._counted(Operation.SIGN_OUT)
        self._ended.add(account.credentials.get("token", ""))
        return Accepted(None)

    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]:
        self._counted(Operation.VERIFY_IDENTITY)
        wrong = identity.method is IdentityMethod.EMAIL or not identity.number.strip()
        if account is None or not self._may(account) or wrong or flaw(identity, date.today()) is not None:
            return Refused(422, "identity not valid")
        self._verified.add(account.id)
        return Accepted(Verification(True))

    def delete_account(self, account: Account) -> Result[None]:
        self._counted(Operation.DELETE_ACCOUNT)
        self._gone.add(account.id)
        return Accepted(None)

    def grant_consent(
        self, account: Account, subject: Subject, scope: str, statement: str, days: int | None = None
    ) -> Result[Consent]:
        self._counted(Operation.GRANT_CONSENT)
        if subject.minor and "guardian" not in statement:
            return Refused(403, "a guardian has to consent")
        number = self._new("consent")
        self._consents[number] = (account.id, subject, scope)
        self._ends[number] = self._hours + 24.0 * (days or 365)
        return Accepted(Consent(number, subject, scope))

    def revoke_consent(self, account: Account, consent: Consent) -> Result[None]:
        self._counted(Operation.REVOKE_CONSENT)
        given = self._consents.get(consent.id)
        if given is None or given[0] != account.id:
            return Refused(404, "no such consent")
        del self._consents[consent.id]
        return Accepted(None)

    # --- content ---

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]:
        self._counted(Operation.GENERATE)
        texts = " ".join((request.prompt, *request.turns, *map(str, request.inputs.values())))
        if not self._may(account) or self._prohibited(texts) or (not request.labelled and not request.agreed):
            return _NO
        if not request.labelled and account is not None:
            self._unlabelled[account.id] += 1
        return self._kept(request.media_type, labelled=request.labelled)

    def edit(self, account: Account | None, request: EditRequest) -> Result[Content]:
        self._counted(Operation.EDIT)
        given = self._consents.get(request.consent.id) if request.consent is not None else None
        supplied = request.consent in self.ready_made.consents.values()
        valid = request.consent is not None and self._ends.get(request.consent.id, 0.0) > self._hours
        lawful = valid and account is not None and given == (account.id, request.subject, request.scope)
        if not self._may(account) or not (lawful or supplied) or self._prohibited(request.prompt):
            return _NO
        return self._kept(request.source.media_type)

    def upload(self, account: Account | None, media: Media, declared: bool = False) -> Result[Content]:
        self._counted(Operation.UPLOAD)
        number = self._new("upload")
        self._made[number] = media
        self._uploaded_by[number] = account.id if account is not None else ""
        return Accepted(Content(number), notice=_NOTICE)

    def fetch(self, account: Account | None, content: Content, rendition: str = "original") -> Result[Media]:
        self._counted(Operation.FETCH)
        made = self._made.get(content.id)
        if account is not None and not self._may(account):
            return _NO
        return Accepted(made) if made is not None else Refused(404, "no such content")

    def verify_origin(self, account: Account | None, media: Media) -> Result[Origin]:
        self._counted(Operation.VERIFY_ORIGIN)
        return Accepted(Origin(media in self._made.values()))

    def _prohibited(self, text: str) -> bool:
        names = ("prohibited", "fake_news", "output_only")
        return any(marker is not None and marker.phrase in text for marker in map(self.capabilities.marker, names))

    def _kept(self, media_type: str, *, labelled: bool = True) -> Result[Content]:
        number = self._new("content")
        is_text = media_type.startswith("text/")
        self._made[number] = _text(number, labelled) if is_text else _file(media_type, number)
        return Accepted(Content(number, self._made[number]), notice=_NOTICE)

    # --- publications ---

    def publish(self, account: Account | None, content: Content, title: str, way: str = "") -> Result[Publication]:
        self._counted(Operation.PUBLISH)
        if account is None or not self._may(account) or account.id not in self._verified or self._prohibited(title):
            return _NO
        if self._uploaded_by.get(content.id, account.id) != account.id:
            return _NO
        number = self._new("publication")
        self._things[number] = _Thing(account.id, content, title)
        return Accepted(Publication(number))

    def view(self, account: Account | None, publication: Publication, surface: str = "page") -> Result[View]:
        self._counted(Operation.VIEW)
        thing = self._things.get(publication.id)
        if thing is None or thing.removed:
            return Refused(410, "removed")
        made = self._made.get(thing.content.id)
        text = made.data.decode("utf-8", "replace") if made and made.media_type.startswith("text/") else ""
        return Accepted(View(made, f"{thing.title} {text}", (_NOTICE,)))

    def search(self, account: Account | None, query: str) -> Result[SearchPage]:
        self._counted(Operation.SEARCH)
        found = (number for number, thing in self._things.items() if query in thing.title and not thing.removed)
        return Accepted(SearchPage(tuple(found)))

    def report(self, account: Account | None, request: ReportRequest) -> Result[Ticket]:
        self._counted(Operation.REPORT)
        thing = self._things.get(request.target.id)
        if thing is None:
            return Refused(404, "no such publication")
        names = {"intimate": ("intimate",), "rumour": ("rumour",)}.get(
            request.kind, ("unlawful", "intimate", "mistaken")
        )
        phrases = {marker.phrase for name in names if (marker := self.capabilities.marker(name)) is not None}
        founded = any(phrase in thing.title for phrase in phrases | {f"[test: {name}]" for name in names})
        if founded and request.kind == "rumour":
            thing.refuted = True
        elif founded:
            data = self._made.get(thing.content.id)
            for other in self._things.values():
                other.removed = other.removed or self._made.get(other.content.id) == data
        return self._ticket(account, founded)

    def appeal(
        self, account: Account, publication: Publication, statement: str, evidence: Media | None = None
    ) -> Result[Ticket]:
        self._counted(Operation.APPEAL)
        thing = self._things.get(publication.id)
        mistaken = self.capabilities.marker("mistaken")
        upheld = thing is not None and mistaken is not None and mistaken.phrase in thing.title
        if thing is not None and upheld:
            thing.removed = False
        return self._ticket(account, upheld)

    def _ticket(self, account: Account | None, upheld: bool) -> Result[Ticket]:
        state = TicketState.UPHELD if upheld else TicketState.REJECTED
        ticket = Ticket(self._new("ticket"), state, self._new("receipt"), f"reasons of a ticket {state.value}")
        self._tickets[ticket.id] = (account.id if account is not None else "", ticket)
        return Accepted(ticket)

    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]:
        self._counted(Operation.REPORT_STATUS)
        owner, known = self._tickets.get(ticket.id, ("", None))
        own = account is not None and account.signed_by is None and account.id == owner
        if known is None or not (own or ticket.receipt == known.receipt):
            return Refused(404, "no such ticket")
        return Accepted(known)

    def refutations(self, publication: Publication) -> Result[tuple[Refutation, ...]]:
        self._counted(Operation.REFUTATIONS)
        thing = self._things.get(publication.id)
        return Accepted((Refutation(publication.id, "refuted"),) if thing is not None and thing.refuted else ())

    # --- the service ---

    def disclosures(self, topic: str) -> Result[Disclosure]:
        self._counted(Operation.DISCLOSURES)
        text = (
            "规则 投诉 24小时内反馈 安全义务 标识 security rules labels; answered within 24 hours https://example.org/"
        )
        filing = "网信算备000000000000001260011号"
        fields = {"time_limit_hours": "24", "filing_number": filing, "link": "https://example.org/"}
        return Accepted(Disclosure(topic, text, fields))

    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]:
        self._counted(Operation.RECORDS)
        if account is None or not self._may(account):
            return _NO
        refuted = [number for number, thing in self._things.items() if thing.account == account.id and thing.refuted]
        bare = [f"copy-{number}" for number in range(self._unlabelled[account.id])]
        return Accepted(tuple(Record(kind, None, each, each) for each in (refuted if kind == "refuted" else bare)))

    def chat(self, account: Account, request: ChatRequest) -> Result[ChatTurn]:
        self._counted(Operation.CHAT)
        chat = request.chat or Chat(self._new("chat"))
        owner, said = self._said.setdefault(chat.id, (account.id, []))
        if owner != account.id:
            return Refused(404, "no such conversation")
        said.append(request.text)
        return Accepted(ChatTurn(chat, "人工智能：请求助热线12356，休息2小时。", (_NOTICE,)))

    def leave_chat(self, account: Account, chat: Chat) -> Result[None]:
        self._counted(Operation.LEAVE_CHAT)
        return Accepted(None)

    def chat_history(self, account: Account) -> Result[tuple[ChatMessage, ...]]:
        self._counted(Operation.CHAT_HISTORY)
        if not self._may(account):
            return _NO
        own = ((chat, said) for chat, (owner, said) in self._said.items() if owner == account.id)
        return Accepted(tuple(ChatMessage(chat, text) for chat, said in own for text in said))

    def delete_chat(self, account: Account, chat: Chat) -> Result[None]:
        self._counted(Operation.DELETE_CHAT)
        if self._said.get(chat.id, ("", []))[0] == account.id:
            del self._said[chat.id]
        return Accepted(None)

    def advance_clock(self, hours: float) -> Result[None]:
        self._counted(Operation.ADVANCE_CLOCK)
        self._hours += hours
        return Accepted(None)

    def reset(self) -> Result[None]:
        self._counted(Operation.RESET)
        return Accepted(None)


@dataclass(frozen=True)
class Plan:
    """What a run would send at least: calls by operation, and how many of them a provider may charge for."""

    calls: Mapping[str, int]

    @property
    def requests(self) -> int:
        """All calls; an operation that takes several requests counts once."""
        return sum(self.calls.values())

    @property
    def paid(self) -> int:
        """Calls of generate and edit."""
        return sum(count for operation, count in self.calls.items() if operation in PAID)


def plan_of(provider: Provider, target: Target, **options: Any) -> Plan:
    """What :func:`~shenhe.conformance.engine.runner.run_checks` would send with these options."""
    from .runner import run_checks

    operations = frozenset(each for each in provider.capabilities.operations if hasattr(StandIn, each.value))
    capabilities = replace(provider.capabilities, operations=operations, settling_seconds=0.0)
    # Nothing is sent to the target, so that it may be any.
    nowhere = target.model_copy(update={"environment": "test", "transport": "python"})
    stand_in = StandIn(provider.ready_made, capabilities, nowhere)
    run_checks(cast(Provider, stand_in), salt="plan", **options)
    return Plan(dict(stand_in.calls.most_common()))


def _text(number: str, labelled: bool) -> Media:
    """A text unlike any other: a report that is upheld removes whatever is the same."""
    return Media(f"{_LABEL if labelled else ''}一段关于湖水的文字（{number}）。".encode(), "text/plain")


def _file(media_type: str, number: str) -> Media:
    plain = tone() if media_type.startswith("audio/") else picture(480, 320)
    fields = ImplicitFields(_PRODUCER, number.replace("-", ""))
    try:
        return Media(write_label(plain.data, fields, media_type=plain.media_type, explicit=True), media_type)
    except LabelWriteError:
        return Media(write_label(plain.data, fields, media_type=plain.media_type), media_type)
