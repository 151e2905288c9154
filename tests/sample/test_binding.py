"""The sample provider is reached through its binding alone, like any other provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import pytest

from shenhe.conformance.bindings import AsgiTransport, HttpProvider, load_binding
from shenhe.conformance.entities import (
    Account,
    EditRequest,
    GenerationRequest,
    Identity,
    IdentityMethod,
    ReportRequest,
    Subject,
    Ticket,
    TicketState,
    as_marker,
)
from shenhe.conformance.provider import Accepted, Operation, Refused, Result
from shenhe.labels import read_labels, read_text_labels
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

from .tour import CREDIT_CODE
from .visitor import ID_CARD

T = TypeVar("T")
SOMEBODY = Subject("person-1", "某甲")


@pytest.fixture
def provider() -> Iterator[HttpProvider]:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        yield provider


def accepted(result: Result[T]) -> T:
    assert isinstance(result, Accepted), result
    return result.value


def refused(result: Result[T]) -> Refused:
    assert isinstance(result, Refused), result
    return result


@pytest.fixture
def author(provider: HttpProvider) -> Account:
    account = accepted(provider.register({"username": "author", "name": "某乙"}))
    identity = Identity(IdentityMethod.ID_CARD, ID_CARD, "某乙")
    assert accepted(provider.verify_identity(account, identity)).verified
    return account


def test_it_declares_every_operation(provider: HttpProvider) -> None:
    declared = provider.capabilities
    absent = {
        Operation.UNPUBLISH,
        Operation.SHARE,
        Operation.DECIDE,
        Operation.DETECT,
    }
    of_stores = {each for each in Operation if each.value.endswith(("_app", "_apps")) or each.value.startswith("app_")}
    assert declared.operations == frozenset(Operation) - absent - of_stores
    assert declared.markets == ("cn", "eu", "us")
    assert declared.roles == ("provider", "platform")
    assert declared.identities == "synthetic"
    assert {"unlawful", "intimate"} <= set(declared.markers)


@pytest.mark.parametrize(
    ("method", "number"),
    [
        (IdentityMethod.ID_CARD, ID_CARD),
        (IdentityMethod.USCC, CREDIT_CODE),
        (IdentityMethod.PHONE, "13912345678"),
        (IdentityMethod.NATIONAL_NETWORK_ID, "A1" * 12),
    ],
)
def test_identities_are_verified(provider: HttpProvider, method: IdentityMethod, number: str) -> None:
    account = accepted(provider.register({}))
    assert accepted(provider.verify_identity(account, Identity(method, number))).verified
    assert refused(provider.verify_identity(account, Identity(IdentityMethod.EMAIL, "a@example.org"))).status == 422


def test_content_arrives_with_its_labels(provider: HttpProvider, author: Account) -> None:
    media: Mapping[Service, tuple[str, ...]] = provider.capabilities.media
    for service, media_types in media.items():
        for media_type in media_types:
            made = provider.generate(author, GenerationRequest(service, media_type, "秋天", turns=("你好",)))
            content = accepted(made)
            assert isinstance(made, Accepted)
            assert "人工智能" in made.notice
            assert content.media is not None
            assert content.media.media_type == media_type
            assert accepted(provider.fetch(author, content, "export")).data == content.media.data
            if media_type == "text/plain":
                assert read_text_labels(content.media.data.decode())
            else:
                assert read_labels(content.media.data, media_type=media_type).aigc
            for rendition in ("original", "download", "share", "thumbnail"):
                accepted(provider.fetch(author, content, rendition))
            assert refused(provider.fetch(author, content, "unlabelled")).reason == "label_agreement_required"
            brought = accepted(provider.upload(author, content.media, declared=True))
            accepted(provider.fetch(author, brought))


def test_the_unlabelled_copy(provider: HttpProvider, author: Account) -> None:
    request = GenerationRequest(Service.TEXT, "text/plain", "秋天", labelled=False)
    assert refused(provider.generate(author, request)).status == 403
    agreed = GenerationRequest(Service.TEXT, "text/plain", "秋天", labelled=False, agreed=True)
    content = accepted(provider.generate(author, agreed))
    accepted(provider.fetch(author, content, "unlabelled"))
    (record, *_) = accepted(provider.records(author, "unlabelled-copy"))
    assert record.subject == content.id
    assert record.at is not None


def test_consent(provider: HttpProvider, author: Account) -> None:
    picture = GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "人像")
    source = accepted(provider.generate(author, picture)).media
    assert source is not None
    consent = accepted(provider.grant_consent(author, SOMEBODY, "face", "我同意。"))
    request = EditRequest(Service.BIOMETRIC_IMAGE_VIDEO, source, SOMEBODY, "face", "微笑", consent)
    assert accepted(provider.edit(author, request)).media is not None
    accepted(provider.revoke_consent(author, consent))
    refusal = refused(provider.edit(author, request))
    assert "同意" in refusal.notice


def test_publication_reports_and_appeals(provider: HttpProvider, author: Account) -> None:
    marker = as_marker(provider.capabilities.markers["mistaken"]).phrase
    content = accepted(provider.generate(author, GenerationRequest(Service.TEXT, "text/plain", "秋天")))
    assert refused(provider.publish(None, content, "题")).status == 401
    publication = accepted(provider.publish(author, content, f"题 {marker}"))
    page = accepted(provider.view(None, publication))
    assert "AI生成" in page.text
    assert page.notices
    for surface in provider.capabilities.surfaces:
        accepted(provider.view(None, publication, surface))
    assert accepted(provider.search(None, "题")).publications == (publication.id,)

    ticket = accepted(provider.report(None, ReportRequest(publication, "illegal", "违法")))
    assert ticket.state is TicketState.RECEIVED
    assert ticket.receipt
    decided = accepted(provider.report_status(None, ticket))
    assert decided.state is TicketState.UPHELD
    assert decided.reasons
    for surface in provider.capabilities.surfaces:
        assert refused(provider.view(None, publication, surface)).status == 410
    assert accepted(provider.search(None, "题")).publications == ()

    appeal: Ticket = accepted(provider.appeal(author, publication, "请复核"))
    assert accepted(provider.report_status(author, appeal)).state is TicketState.UPHELD
    accepted(provider.view(None, publication))


def test_refutations_and_disclosures(provider: HttpProvider, author: Account) -> None:
    content = accepted(provider.generate(author, GenerationRequest(Service.TEXT, "text/plain", "秋天")))
    publication = accepted(provider.publish(author, content, as_marker(provider.capabilities.markers["rumour"]).phrase))
    accepted(provider.report(None, ReportRequest(publication, "rumour", "不实")))
    (refutation,) = accepted(provider.refutations(publication))
    assert refutation.publication == publication.id

    assert accepted(provider.disclosures("complaints")).fields["time_limit_hours"] == "24"
    assert accepted(provider.disclosures("filing")).fields["filing_number"].startswith("网信算备")
    assert "标识" in accepted(provider.disclosures("agreement")).text
    assert accepted(provider.disclosures("rules")).text


def test_the_sandbox(provider: HttpProvider, author: Account) -> None:
    accepted(provider.advance_clock(48.5))
    accepted(provider.delete_account(author))
    request = GenerationRequest(Service.TEXT, "text/plain", "秋天")
    assert refused(provider.generate(author, request)).reason == "token_invalid"
    accepted(provider.reset())
