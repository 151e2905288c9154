"""Real names: who may publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content, Publication
from ...provider import Accepted, Capabilities, Operation, Provider, Refused
from ..outcome import Case, NotJudged, Violation
from ..published import must_be_public
from ..registry import check
from ..scope import publishes

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_PUBLISHING = "cn-dsp-2023/9.2"


@dataclass(frozen=True)
class Titled(Case):
    """A publication under a title."""

    title: str

    def __str__(self) -> str:
        return f"title {self.title!r}"


@dataclass(frozen=True)
class Claim(Case):
    """Somebody unverified who says to be verified: in headers, in the query, or in the profile they register with."""

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    profile: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        said = [f"{key}: {value}" for key, value in self.headers]
        said += [f"?{key}={value}" for key, value in self.query]
        said += [f"{key}={value} in the profile" for key, value in self.profile]
        return f"{self.facet}: {', '.join(said)}"


TITLES = ("秋天的湖", "Breaking news", "通知", "x" * 200, "<b>title</b>")


def _titles(capabilities: Capabilities) -> list[Titled]:
    return [Titled("publish", title) for title in TITLES[:3]]


def _drawn_titles(capabilities: Capabilities) -> SearchStrategy[Titled]:
    from hypothesis import strategies as st

    words = ("秋天", "news", "🙂", "通知", "&", "'", "<i>", "2026", "admin", "official")
    return st.lists(st.sampled_from(words), min_size=1, max_size=6).map(lambda said: Titled("publish", " ".join(said)))


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=_titles,
    strategy=_drawn_titles,
)
def unverified_cannot_publish(probe: Probe, case: Titled) -> None:
    """An unverified account cannot publish; the same account can once verified."""
    account = probe.unverified_account()
    answer = publish_something(probe, probe.provider, account, case.title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation("an account that was never verified published")
    _verified_twin(probe, account, case.title)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=_titles,
    strategy=_drawn_titles,
)
def anonymous_cannot_publish(probe: Probe, case: Titled) -> None:
    """An anonymous request cannot publish; the signed-in owner can publish the same content."""
    account = probe.account()
    content = probe.some_content(account)
    probe.must_differ(
        lambda provider: provider.publish(None, content, case.title),
        lambda provider: provider.publish(account, content, case.title),
        "which account publishes",
        write="`{{ account.… }}` in the auth of operations.publish",
    )
    answer = probe.attempt(probe.provider.publish, None, content, case.title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation("a request without credentials published")
    probe.control(probe.provider.publish, account, content, case.title)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH, Operation.DELETE_ACCOUNT),
    applies=(publishes,),
    cases=_titles,
)
def deleted_account_cannot_publish(probe: Probe, case: Titled) -> None:
    """The credentials of a deleted account no longer publish."""
    account = probe.disposable_account()
    first, second = probe.some_content(account), probe.some_content(account)
    probe.control(probe.provider.publish, account, first, case.title)
    probe.setup(probe.provider.delete_account, account)
    answer = probe.attempt(probe.provider.publish, account, second, case.title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation("an account published after it was deleted")
    # Only while others still publish does the refusal say anything about the account.
    other = probe.account()
    probe.control(probe.provider.publish, other, probe.once("something to publish", _made_by(probe, other)), case.title)


def _made_by(probe: Probe, account: Account) -> Callable[[], Content]:
    return lambda: probe.some_content(account)


#: In a claim, stands for the id of an account that is verified.
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
    return st.sampled_from((requests, requests, requests, parameters, profile)).flatmap(lambda claims: claims)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=_claims,
    strategy=_drawn_claims,
)
def verification_cannot_be_claimed(probe: Probe, case: Claim) -> None:
    """A self-declared "verified" flag in a header, parameter or profile is ignored."""
    title = f"an ordinary title {probe.names.token()}"
    if case.profile:
        _must_be_sent(probe, dict(case.profile))
    plain = publish_something(probe, probe.provider, probe.unverified_account(), title)
    if isinstance(plain, Accepted):
        raise NotJudged("an unverified account publishes without any claim")
    account = probe.registered(**dict(case.profile)) if case.profile else probe.unverified_account()
    asked = probe.provider if case.profile else probe.claiming(dict(case.headers), dict(case.query))
    answer = publish_something(probe, asked, account, title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation(f"an account that was never verified published by saying {str(case).partition(': ')[2]}")
    _verified_twin(probe, account, title)


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


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=lambda capabilities: [
        *(Claim("header", headers=((name, _VERIFIED_ACCOUNT),)) for name in _NAMED_IN_HEADERS),
        *(Claim("query", query=((name, _VERIFIED_ACCOUNT),)) for name in _NAMED_IN_QUERIES),
    ],
)
def verification_cannot_be_borrowed(probe: Probe, case: Claim) -> None:
    """An unverified account cannot publish by naming a verified account in a header or parameter."""
    account, verified = probe.unverified_account(), probe.account()

    def naming(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
        return {name: verified.id if value == _VERIFIED_ACCOUNT else value for name, value in pairs}

    plain = publish_something(probe, probe.provider, account, TITLES[0])
    if isinstance(plain, Accepted):
        raise NotJudged("an unverified account publishes without naming another")
    asked = probe.claiming(naming(case.headers), naming(case.query))
    answer = publish_something(probe, asked, account, TITLES[0])
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation(
            f"an account that was never verified published by naming one that was ({str(case).partition(': ')[2]})"
        )
    _verified_twin(probe, account, TITLES[0])


def publish_something(
    probe: Probe, provider: Provider, account: Account, title: str
) -> Accepted[Publication] | Refused:
    """Have the account publish content of its own, or a verified account's where it can make none itself."""
    content = probe.own_content(account, provider) or probe.some_content(probe.account())
    return probe.attempt(provider.publish, account, content, title)


def _verified_twin(probe: Probe, account: Account, title: str) -> None:
    """The same account makes and publishes content once it is verified: else its refusal showed nothing."""
    if account == probe.provider.ready_made.accounts.get("unverified"):
        # A supplied account must stay unverified; a verified one that does the same is the nearest twin.
        twin = probe.account()
    else:
        probe.verify(account)
        twin = account
    must_be_public(probe, probe.control(probe.provider.publish, twin, probe.some_content(twin), title))
