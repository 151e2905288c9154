"""Real names: who may publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content, Publication
from ...provider import Accepted, Capabilities, Operation, Provider, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NotJudged, Undecided, Violation
from ..published import must_be_public
from ..registry import check
from ..reposts import reposts_are_made, sharer
from ..requests import input_class
from ..responses.own_fields import claims_of_standing
from ..scope import publishes

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: A check of who may publish. Checks that need more operations say so in ``needs``.
publishing_check = partial(
    check,
    rules=("cn-dsp-2023/9.2",),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
)


def _invents_accounts(capabilities: Capabilities) -> Absent | None:
    """Concerns a binding that may register people: only then is it seen what responses say of a new account."""
    if capabilities.identities == "synthetic":
        return None
    return Absent("this binding supplies its accounts", elsewhere=True)


@dataclass(frozen=True)
class Titled(Case):
    """A publication under a title."""

    title: str

    def __str__(self) -> str:
        return f"title {self.title!r}"

    def combination(self) -> dict[str, str]:
        return {"channel": "title of a publication", "input": input_class(self.title)}


@dataclass(frozen=True)
class Claim(Case):
    """An unverified account that claims to be verified: in headers, in the query, or in its profile."""

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    profile: tuple[tuple[str, str], ...] = ()
    #: Further fields of the body of the request to publish.
    body: tuple[tuple[str, str | bool], ...] = ()

    def __str__(self) -> str:
        said = [f"{key}: {value}" for key, value in self.headers]
        said += [f"?{key}={value}" for key, value in self.query]
        said += [f"{key}={value} in the profile" for key, value in self.profile]
        said += [f"{key}={value} in the body" for key, value in self.body]
        return f"{self.facet}: {', '.join(said)}"


TITLES = ("秋天的湖", "Breaking news", "通知", "x" * 200, "<b>title</b>")


_UPLOAD = "publish an upload"


def _titles(capabilities: Capabilities) -> list[Titled]:
    return [Titled("publish", title) for title in TITLES[:3]]


def _titles_and_uploads(capabilities: Capabilities) -> list[Titled]:
    uploads = {Operation.UPLOAD, Operation.GENERATE} <= capabilities.operations
    return [*_titles(capabilities), *([Titled(_UPLOAD, TITLES[0])] if uploads else [])]


def _drawn_titles(capabilities: Capabilities) -> SearchStrategy[Titled]:
    from hypothesis import strategies as st

    words = ("秋天", "news", "🙂", "通知", "&", "'", "<i>", "2026", "admin", "official")
    return st.lists(st.sampled_from(words), min_size=1, max_size=6).map(lambda said: Titled("publish", " ".join(said)))


@publishing_check(cases=_titles_and_uploads, strategy=_drawn_titles)
def unverified_cannot_publish(probe: Probe, case: Titled) -> None:
    """An unverified account cannot publish; the same account can once verified."""
    account, content = _unverified(probe)
    if case.facet == _UPLOAD:
        uploaded = probe.observe(probe.provider.upload, account, probe.own_file(), False)
        if isinstance(uploaded, Refused):
            raise NotJudged(f"an unverified account uploads nothing: {uploaded.status} {uploaded.reason}")
        content = uploaded.value
    probe.must_send_account(Operation.PUBLISH, account, None, content, case.title)
    refusal = _refusal(probe, probe.provider, account, content, case.title)
    if refusal is None:
        raise Violation("an account that was never verified published")
    _verified_twins(probe, probe.provider, case.title, refusal)


def _has_ways(capabilities: Capabilities) -> Absent | None:
    """Concerns who publishes in several ways."""
    if len(capabilities.publish_ways) > 1:
        return None
    return Absent("the binding declares one way to publish (target.publish_ways)", elsewhere=True)


@publishing_check(
    level=Level.EXTENDED,
    applies=(publishes, _has_ways),
    cases=lambda capabilities: [Case(way) for way in capabilities.publish_ways[1:]],
)
def no_way_publishes_unverified(probe: Probe, case: Case) -> None:
    """An unverified account cannot publish in any of the declared ways; a verified one can."""
    (account, content), title = _unverified(probe), f"a lake {probe.names.token()}"
    probe.must_send_account(Operation.PUBLISH, account, None, content, title)
    answer = probe.attempt(probe.provider.publish, account, content, title, case.facet)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation(f"an account that was never verified published by {case.facet}")
    other, made = _verified(probe)
    probe.controlled(
        ("published by", case.facet),
        answer,
        lambda: probe.control(probe.provider.publish, other, made, title, case.facet),
    )


@publishing_check(cases=_titles, strategy=_drawn_titles)
def anonymous_cannot_publish(probe: Probe, case: Titled) -> None:
    """An anonymous request cannot publish; the signed-in owner can publish the same content."""
    account, content = _verified(probe)
    probe.must_differ(
        lambda provider: provider.publish(None, content, case.title),
        lambda provider: provider.publish(account, content, case.title),
        "which account publishes",
        write="`{{ account.… }}` in the auth of operations.publish",
    )
    refusal = _refusal(probe, probe.provider, None, content, case.title)
    if refusal is None:
        raise Violation("a request without credentials published")
    probe.controlled("anonymous", refusal, lambda: probe.control(probe.provider.publish, account, content, case.title))


@publishing_check(needs=(Operation.PUBLISH, Operation.DELETE_ACCOUNT), cases=_titles)
def deleted_account_cannot_publish(probe: Probe, case: Titled) -> None:
    """The credentials of a deleted account no longer publish, whatever session they belong to."""

    def deleted() -> tuple[list[Account], Content]:
        account = probe.disposable_account()
        first, second = probe.some_content(account), probe.some_content(account)
        probe.must_send_account(Operation.PUBLISH, account, None, second, case.title)
        sessions = [account]
        if probe.offers(Operation.SIGN_IN):
            sessions.append(probe.setup(probe.provider.sign_in, account))
        probe.control(probe.provider.publish, account, first, case.title)
        probe.setup(probe.provider.delete_account, account)
        return sessions, second

    sessions, content = probe.once("a deleted account that published", deleted)
    refusals = [_refusal(probe, probe.provider, session, content, case.title) for session in sessions]
    if None not in refusals and probe.offers(Operation.UPLOAD):
        # What the account made may have been deleted with it.
        anew = probe.attempt(probe.provider.upload, sessions[0], probe.own_file(), False)
        if isinstance(anew, Accepted):
            refusals.append(_refusal(probe, probe.provider, sessions[0], anew.value, case.title))
    if None in refusals:
        raise Violation("an account published after it was deleted")
    # Only while others still publish does the refusal say anything about the account.
    other, made = _verified(probe)
    for refusal in filter(None, refusals):
        probe.controlled("deleted", refusal, lambda: probe.control(probe.provider.publish, other, made, case.title))


def _made_by(probe: Probe, account: Account) -> Callable[[], Content]:
    return lambda: probe.some_content(account)


#: In a claim, the place of the id of an account that is verified.
_VERIFIED_ACCOUNT = "<a verified account>"
_CLAIM_WORDS = ("verified", "real-name", "real_name_verified", "is_verified", "identity-verified")
_CLAIM_PREFIXES = ("X-", "X-User-", "X-Account-", "")
_CLAIM_VALUES = ("true", "1", "yes", "verified")


def _claims(capabilities: Capabilities) -> Iterator[Claim]:
    for name, value in (
        ("X-Verified", "true"),
        ("X-User-Verified", "true"),
        ("X-Real-Name-Verified", "1"),
        ("X-Identity-Verified", "yes"),
        ("X-Role", "admin"),
        ("X-Forwarded-For", "127.0.0.1"),
    ):
        yield Claim("header", headers=((name, value),))
    for name, value in (
        ("verified", "true"),
        ("real_name_verified", "1"),
        ("is_verified", "true"),
        ("admin", "1"),
    ):
        yield Claim("query", query=((name, value),))
    for name, value in (("verified", "true"), ("real_name_verified", "true"), ("role", "admin")):
        yield Claim("profile", profile=((name, value),))
    for field in ("verified", "is_verified", "real_name_verified", "identity_verified"):
        yield Claim("body", body=((field, True),))
    yield Claim("body", body=(("role", "admin"), ("status", "verified")))


def _drawn_claims(capabilities: Capabilities) -> SearchStrategy[Claim]:
    """Several claims at once, headers and parameters crossed: one that is believed is found by shrinking."""
    from hypothesis import strategies as st

    word, value = st.sampled_from(_CLAIM_WORDS), st.sampled_from(_CLAIM_VALUES)
    header = st.tuples(st.sampled_from(_CLAIM_PREFIXES), word).map(
        lambda drawn: (drawn[0] + drawn[1].replace("_", "-")).title()
    )
    headers = st.lists(st.tuples(header, value), min_size=1, max_size=5, unique_by=lambda pair: pair[0]).map(tuple)
    query = st.lists(st.tuples(word, value), max_size=2, unique_by=lambda pair: pair[0]).map(tuple)
    requests = st.tuples(headers, query).map(lambda drawn: Claim("header", headers=drawn[0], query=drawn[1]))
    parameters = st.tuples(st.tuples(word, value), query).map(
        lambda drawn: Claim("query", query=tuple(dict((*drawn[1], drawn[0])).items()))
    )
    profile = st.tuples(word, value).map(lambda pair: Claim("profile", profile=(pair,)))
    return st.sampled_from((*[requests] * 6, parameters, parameters, profile)).flatmap(lambda claims: claims)


@publishing_check(cases=_claims, strategy=_drawn_claims)
def verification_cannot_be_claimed(probe: Probe, case: Claim) -> None:
    """A self-declared "verified" flag in a header, parameter or profile is ignored."""
    title = f"an ordinary title {probe.names.token()}"
    if case.profile:
        _must_be_sent(probe, dict(case.profile))
    if probe.once(_WITHOUT_CLAIM, lambda: _publishes_unverified(probe, title)):
        raise NotJudged("an unverified account publishes without any claim")
    if case.profile:
        asked, account = probe.provider, probe.registered(**dict(case.profile))
        own = probe.own_content(account)
        content = own or probe.some_content(probe.account())
    else:
        asked = probe.claiming(dict(case.headers), dict(case.query), dict(case.body))
        account, content = _unverified(probe)
    refusal = _refusal(probe, asked, account, content, title)
    if refusal is None:
        raise Violation(f"an account that was never verified published by saying {str(case).partition(': ')[2]}")
    if case.profile:
        probe.controlled("claimed in a profile", refusal, lambda: _verified_twin(probe, account, title, own))
    else:
        _verified_twins(probe, asked, title, refusal, case.facet)


@publishing_check(
    needs=(Operation.PUBLISH, Operation.REGISTER, Operation.VERIFY_IDENTITY),
    applies=(publishes, _invents_accounts),
    cases=lambda capabilities: [Claim("fields of responses")],
)
def fields_of_responses_verify_nobody(probe: Probe, case: Claim) -> None:
    """An account is not verified by sending fields of a verified account's responses with a request to publish."""
    (account, content), title = _unverified(probe), f"an ordinary title {probe.names.token()}"
    _verified(probe)
    if probe.once(_WITHOUT_CLAIM, lambda: _publishes_unverified(probe, title)):
        raise NotJudged("an unverified account publishes without any claim")
    claims = claims_of_standing(probe.recorded)
    probe.counts.shared += 1
    if not claims:
        return
    asked = probe.claiming({}, {}, claims)
    refusal = _refusal(probe, asked, account, content, title)
    if refusal is None:
        said = ", ".join(f"{name}={value}" for name, value in claims.items())
        raise Violation(f"an account that was never verified published by sending back {said}")
    _verified_twins(probe, probe.provider, title, refusal)


def _must_be_sent(probe: Probe, claims: dict[str, str]) -> None:
    """Raise :class:`Undecided` where the binding registers people without these claims."""
    profile = probe.profile_of(probe.person())
    name = next(iter(claims))
    probe.must_differ(
        lambda provider: provider.register(profile),
        lambda provider: provider.register({**profile, **claims}),
        f"the claim {name!r} of a profile",
        write=f"`{{{{ profile.{name} | default(omit) }}}}` under operations.register",
    )


#: Where a request may say for whom it is made: what names a verified account there opens nothing.
_NAMED_IN_HEADERS = ("X-Account-Id", "X-User-Id", "X-Account", "X-On-Behalf-Of", "X-Impersonate-User")
_NAMED_IN_QUERIES = ("account_id", "user_id", "uid", "as_user", "on_behalf_of")


@publishing_check(
    cases=lambda capabilities: [
        *(Claim("header", headers=((name, _VERIFIED_ACCOUNT),)) for name in _NAMED_IN_HEADERS),
        *(Claim("query", query=((name, _VERIFIED_ACCOUNT),)) for name in _NAMED_IN_QUERIES),
    ],
)
def verification_cannot_be_borrowed(probe: Probe, case: Claim) -> None:
    """An unverified account cannot publish by naming a verified account in a header or parameter."""
    (account, content), verified = _unverified(probe), probe.account()

    def naming(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
        return {name: verified.id if value == _VERIFIED_ACCOUNT else value for name, value in pairs}

    if probe.once("an unverified account publishes without any claim", lambda: _publishes_unverified(probe, TITLES[0])):
        raise NotJudged("an unverified account publishes without naming another")
    asked = probe.claiming(naming(case.headers), naming(case.query))
    refusal = _refusal(probe, asked, account, content, TITLES[0])
    if refusal is None:
        claimed = str(case).partition(": ")[2]
        raise Violation(f"an unverified account published by naming a verified one ({claimed})")
    _verified_twins(probe, asked, TITLES[0], refusal, f"names another in a {case.facet}")


def _unverified(probe: Probe) -> tuple[Account, Content]:
    """An unverified account, and something of its making that no publication of a case uses up; shared."""

    def made() -> tuple[Account, Content]:
        account = probe.unverified_account()
        return account, probe.own_content(account) or probe.some_content(probe.account())

    return probe.once("an unverified account and what it would publish", made)


def _verified(probe: Probe) -> tuple[Account, Content]:
    """A verified account and something of its making; shared."""
    account = probe.account()
    return account, probe.once("something to publish", _made_by(probe, account))


#: Whether publishing takes no verification at all.
_WITHOUT_CLAIM = "an unverified account publishes without any claim"


def _refusal(probe: Probe, provider: Provider, account: Account | None, content: Content, title: str) -> Refused | None:
    """How the request to publish is refused, ``None`` where it succeeds; raises where it seems to and the publication
    is not public.
    """
    answer = probe.attempt(provider.publish, account, content, title)
    if isinstance(answer, Refused):
        return answer
    must_be_public(probe, answer.value)
    return None


def _publishes_unverified(probe: Probe, title: str) -> bool:
    account, content = _unverified(probe)
    return isinstance(probe.attempt(probe.provider.publish, account, content, title), Accepted)


def _verified_twins(probe: Probe, asked: Provider, title: str, refusal: Refused, kind: str = "") -> None:
    """Shows that a refusal was due to missing verification: an account that was refused publishes once it is
    verified, and a verified account's request of the same kind is accepted. Where that is refused in the same words,
    the claim itself is what the provider refuses, so it opens nothing; then the request without it must be accepted.
    """

    def becomes_verified() -> None:
        account = probe.unverified_account()
        _verified_twin(probe, account, title)

    probe.once("an account publishes once it is verified", becomes_verified)
    account, content = _verified(probe)

    def verified_publishes() -> None:
        if asked is probe.provider:
            probe.control(asked.publish, account, content, title)
        elif not probe.control_differs(refusal, asked.publish, account, content, title):
            probe.control(probe.provider.publish, account, content, title)

    probe.controlled(("unverified", kind), refusal, verified_publishes)


def publish_something(
    probe: Probe, provider: Provider, account: Account, title: str
) -> Accepted[Publication] | Refused:
    """Have the account publish its content, or a verified account's where it can make none itself."""
    content = probe.own_content(account, provider) or probe.some_content(probe.account())
    return probe.attempt(provider.publish, account, content, title)


def _verified_twin(probe: Probe, account: Account, title: str, content: Content | None = None) -> None:
    """The same account can publish once it is verified: otherwise its refusal proves nothing."""
    if account == probe.provider.ready_made.accounts.get("unverified"):
        # A supplied account must stay unverified; a verified one that does the same is the nearest twin.
        twin = probe.account()
    else:
        probe.verify(account)
        twin = account
    made = content if content is not None and twin is account else probe.some_content(twin)
    must_be_public(probe, probe.control(probe.provider.publish, twin, made, title))


@publishing_check(
    level=Level.EXTENDED, applies=(publishes, reposts_are_made), cases=lambda capabilities: [Case("a repost")]
)
def unverified_cannot_repost(probe: Probe, case: Case) -> None:
    """An unverified account cannot repost in its own name; a verified one can."""
    author, content = _verified(probe)
    publication = probe.setup(probe.provider.publish, author, content, f"a lake {probe.names.token()}")
    account, other = probe.unverified_account(), sharer(probe)
    probe.must_send_account(Operation.SHARE, account, other, publication)
    answer = probe.attempt(probe.provider.share, account, publication)
    if isinstance(answer, Accepted):
        if answer.value.id == publication.id:
            return  # a link to the publication is no other publication
        must_be_public(probe, answer.value)
        raise Violation("an account that was never verified reposted a publication in its own name")
    if other is None:
        raise Undecided("a second verified account is needed: only its repost shows what was refused", lasting=True)
    probe.control(probe.provider.share, other, publication)
