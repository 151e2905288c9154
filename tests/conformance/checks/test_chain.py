"""Chains of sample services, in process: a lawful one passes, and each broken one names the hop that breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from shenhe.conformance.apps import AppOrder, Measure
from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.chain.checks import CHAIN_CHECKS
from shenhe.conformance.chain.document import ChainError, Station, chain_of, read_chain, station_of
from shenhe.conformance.chain.result import ChainReport
from shenhe.conformance.chain.running import run_chain
from shenhe.conformance.engine.probing.session import Bounds
from shenhe.conformance.engine.rehearsal import StandIn
from shenhe.conformance.engine.target import target_of
from shenhe.conformance.operations import TargetRole
from shenhe.conformance.provider import Accepted, Capabilities, Operation, ReadyMade, Result
from shenhe.core.document import DocumentError
from shenhe.reports.pages.chain import render_chain_page
from shenhe.sample import SampleServer, create_app, sample_binding
from shenhe.sample.domain.origin import made_elsewhere
from shenhe.sample.media.files import Media
from shenhe.sample.samples import STORE
from tests.chinese import english_left

from ...command_line import shenhe

ON = date(2026, 9, 1)
PATH = (("supporter", "supporter"), ("provider", None), ("platform", "forms-platform"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def station(stack: ExitStack, role: str, variant: str | None, faults: Sequence[str] = ()) -> Station:
    app = create_app(faults=faults, variants=[variant] if variant else ())
    binding = load_binding(sample_binding(variant), environ={})
    provider = stack.enter_context(binding.connect(transport=AsgiTransport(app)))
    return station_of(role, TargetRole(role), provider, on=ON)


def followed(stack: ExitStack, only: str = "", **faults: Sequence[str]) -> ChainReport:
    stations = [station(stack, role, variant, faults.get(role, ())) for role, variant in PATH]
    checks = [each for each in CHAIN_CHECKS if not only or each.name == only]
    return run_chain(chain_of("chain", stations), on=ON, checks=checks)


@pytest.mark.costly
def test_a_lawful_chain_passes_and_its_page_shows_every_hop(stack: ExitStack) -> None:
    report = followed(stack)
    assert {check.result.name: check.result.verdict for check in report.checks} == {
        "label_survives_the_chain": "pass",
        "platforms_tell_what_others_made": "pass",
        "suspicion_is_told_and_marked": "not applicable",
        "supporter_names_the_provider": "pass",
        "removal_reaches_every_copy": "pass",
        "restored_file_is_labelled": "pass",
        "order_at_the_store_stops_updates": "not applicable",
    }
    assert report.summary.exit_code == 0
    carried = report.checks[0].hops
    assert [hop.target for hop in carried] == ["supporter"] * 3 + ["provider"] * 3 + ["platform"] * 4
    assert len({hop.label["ProduceID"] for hop in carried}) == 1
    assert len({hop.label["ContentPropagator"] for hop in carried}) > 1
    page = render_chain_page(report)
    assert all(hop.step in page for check in report.checks for hop in check.hops)
    assert carried[0].picture in page
    chinese = render_chain_page(report, "zh")
    recorded = [words for check in report.checks for hop in check.hops for words in (hop.seen, hop.notice)]
    named = [target.name for target in report.targets.values()]
    values = [value for check in report.checks for hop in check.hops for value in hop.label.values()]
    assert english_left(chinese, *filter(None, recorded + named + values)) == []
    assert ChainReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("only", "faults", "lost_at"),
    [
        ("label_survives_the_chain", {"supporter": ["implicit-label-missing-png"]}, "supporter: made"),
        ("label_survives_the_chain", {"provider": ["upload-strips-labels"]}, "provider: fetched as download"),
        (
            "label_survives_the_chain",
            {"platform": ["second-reposts-stripped"]},
            "platform: a repost of a repost, downloaded",
        ),
        (
            "platforms_tell_what_others_made",
            {"platform": ["feed-without-notice"]},
            "platform: seen on the surface feed",
        ),
        ("platforms_tell_what_others_made", {"platform": ["propagator-not-added"]}, "platform: published"),
        ("supporter_names_the_provider", {"supporter": ["content-producer-empty"]}, "supporter: made"),
        (
            "removal_reaches_every_copy",
            {"platform": ["reposts-survive"]},
            "platform: removed after a report (removed before at provider)",
        ),
        ("restored_file_is_labelled", {"platform": ["restored-on-the-page-only", "feed-survives"]}, ""),
        ("restored_file_is_labelled", {"platform": ["appeal-closed"]}, "platform: appealed and restored"),
    ],
)
def test_a_broken_chain_names_the_hop(stack: ExitStack, only: str, faults: dict[str, list[str]], lost_at: str) -> None:
    report = followed(stack, only, **faults)
    (check,) = report.checks
    assert check.lost_at == lost_at, check.result.reason
    assert (check.result.verdict == "fail") == bool(lost_at)
    assert report.summary.exit_code == (1 if lost_at else report.summary.exit_code)
    if lost_at:
        assert check.result.finding is not None
        assert check.result.finding.curl


@pytest.mark.parametrize(("faults", "lost_at"), [([], ""), (["tenants-share-a-code"], "provider: made")])
def test_a_supporter_names_the_provider_it_works_for(stack: ExitStack, faults: list[str], lost_at: str) -> None:
    # The provider is a gateway too, so that its code is not the one of the samples.
    gateway, provider = station(stack, "supporter", "supporter", faults), station(stack, "provider", "supporter")
    platform = station(stack, "platform", "forms-platform")
    checks = [each for each in CHAIN_CHECKS if each.name == "supporter_names_the_provider"]
    (found,) = run_chain(chain_of("chain", [gateway, provider, platform]), on=ON, checks=checks).checks
    assert (found.result.verdict, found.lost_at) == ("fail" if lost_at else "pass", lost_at), found.result.reason


@pytest.mark.parametrize(
    ("at_provider", "at_platform", "lost_at"),
    [
        ([], [], ""),
        ([], ["suspected-files-unmarked"], "platform: downloaded with the notice that it is suspected"),
        (["origin-claims-everything"], [], "provider: its tool is asked about the file without its metadata"),
    ],
)
def test_a_platform_asks_the_maker_of_a_file_without_label(
    stack: ExitStack, at_provider: list[str], at_platform: list[str], lost_at: str
) -> None:
    server = stack.enter_context(SampleServer(at_provider))
    provider = stack.enter_context(load_binding(sample_binding(), environ={}).connect(base_url=server.url))
    app = create_app(at_platform, variants=["forms-platform"], producer_url=server.url)
    binding = load_binding(sample_binding("forms-platform"), environ={})
    platform = stack.enter_context(binding.connect(transport=AsgiTransport(app)))
    stations = [
        station_of("provider", TargetRole.PROVIDER, provider, on=ON),
        station_of("platform", TargetRole.PLATFORM, platform, on=ON),
    ]
    checks = [each for each in CHAIN_CHECKS if each.name == "suspicion_is_told_and_marked"]
    (found,) = run_chain(chain_of("chain", stations), on=ON, checks=checks).checks
    assert (found.result.verdict, found.lost_at) == ("fail" if lost_at else "pass", lost_at), found.result.reason
    assert found.hops[0].label == {}
    if not lost_at:
        assert (found.hops[-1].label["Label"], len(found.hops)) == ("3", 3)


@pytest.mark.parametrize("answer", ["http://127.0.0.1:9", "http://example.org", "file:///etc", ""])
def test_a_producer_that_does_not_answer_recognises_nothing(answer: str) -> None:
    assert not made_elsewhere(answer, Media(b"", "image/png"))


@pytest.mark.parametrize(
    ("faults", "lost_at"), [([], ""), (["removal-order-ignored"], "store: the app after an order to remove it")]
)
def test_the_picture_of_a_chain_passes_the_store(stack: ExitStack, faults: list[str], lost_at: str) -> None:
    binding = load_binding(STORE.binding(None), environ={})
    provider = stack.enter_context(binding.connect(transport=AsgiTransport(STORE.create(faults=faults))))
    stations = [station(stack, "provider", None), station(stack, "platform", "forms-platform")]
    stations.append(station_of("store", TargetRole.STORE, provider, on=ON))
    names = ("label_survives_the_chain", "order_at_the_store_stops_updates")
    checks = [each for each in CHAIN_CHECKS if each.name in names]
    carried, found = run_chain(chain_of("chain", stations), on=ON, checks=checks).checks
    assert (found.result.verdict, found.lost_at) == ("fail" if lost_at else "pass", lost_at), found.result.reason
    assert found.hops[0].picture == carried.hops[0].picture != ""


@pytest.mark.parametrize("requests", [1, 9, 40])
def test_a_chain_that_runs_out_of_requests_is_not_verified(stack: ExitStack, requests: int) -> None:
    stations = [station(stack, role, variant) for role, variant in PATH]
    for each in stations:
        each.probe.session.bounds = Bounds(requests=requests)
    report = run_chain(chain_of("chain", stations), on=ON)
    assert report.summary.exit_code == 3
    assert "inconclusive" in {check.result.verdict for check in report.checks}


def test_a_target_that_does_not_answer_decides_nothing(stack: ExitStack) -> None:
    binding = load_binding(sample_binding("forms-platform"), environ={})
    nowhere = stack.enter_context(binding.connect(base_url="http://127.0.0.1:9"))
    stations = [station(stack, "provider", None), station_of("platform", TargetRole.PLATFORM, nowhere, on=ON)]
    report = run_chain(chain_of("chain", stations), on=ON)
    assert report.summary.exit_code == 3
    assert {check.result.verdict for check in report.checks} == {"inconclusive", "not applicable"}


def test_after_a_loss_later_hops_say_nothing(stack: ExitStack) -> None:
    (check,) = followed(stack, "label_survives_the_chain", provider=["upload-strips-labels"]).checks
    assert [hop.verdict for hop in check.hops if hop.target == "platform" and hop.step != "uploaded"] == [
        "not applicable"
    ] * 3


class Store(StandIn):
    """A store that may forget the order."""

    obeys = True

    def order_app(self, account: object, order: AppOrder) -> Result[None]:
        if self.obeys or order.measure is not Measure.SUSPEND_UPDATES:
            return super().order_app(account, order)  # type: ignore[arg-type]
        return Accepted(None)


@pytest.mark.parametrize("obeys", [True, False])
def test_an_order_at_the_store_stops_updates(stack: ExitStack, obeys: bool) -> None:
    stations = [station(stack, role, variant) for role, variant in PATH[1:]]
    operations = frozenset({Operation.SUBMIT_APP, Operation.VIEW_APP, Operation.ORDER_APP, Operation.REGISTER})
    capabilities = Capabilities(operations, roles=("store",), identities="synthetic", settling_seconds=0)
    store = Store(ReadyMade(), capabilities, target_of(stations[0].probe.provider))
    store.obeys = obeys
    stations.append(station_of("store", TargetRole.STORE, store, on=ON))
    (found,) = run_chain(
        chain_of("chain", stations),
        on=ON,
        checks=[each for each in CHAIN_CHECKS if each.name.endswith("stops_updates")],
    ).checks
    assert found.result.verdict == ("pass" if obeys else "fail"), found.result.reason
    assert found.lost_at == ("" if obeys else "store: an update after an order to suspend updates")


def test_a_chain_that_cannot_be_is_refused(stack: ExitStack) -> None:
    provider, platform = station(stack, "provider", None), station(stack, "platform", "forms-platform")
    with pytest.raises(ChainError, match="needs two targets"):
        chain_of("chain", [provider])
    with pytest.raises(ChainError, match="put the target that makes content first"):
        chain_of("chain", [platform, provider])


def test_a_chain_file_names_the_line_of_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "chain.yaml"
    file.write_text("name: two\ntargets:\n  a: {binding: a.yaml}\n  b: {adress: b.yaml}\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"chain.yaml:4"):
        read_chain(file)


@pytest.mark.costly
def test_the_command_follows_a_chain_over_http(tmp_path: Path, stack: ExitStack) -> None:
    entries = []
    for role, variant in PATH[1:]:
        server = stack.enter_context(SampleServer(variants=[variant] if variant else ()))
        (tmp_path / f"{role}.yaml").write_text(sample_binding(variant).read_text(encoding="utf-8"), encoding="utf-8")
        entries.append(f"  {role}: {{binding: {role}.yaml, base_url: {server.url}, role: {role}}}")
    file = tmp_path / "chain.yaml"
    file.write_text("\n".join(["name: Two services", "targets:", *entries, ""]), encoding="utf-8")
    done = shenhe("chain", str(file), "--on", "2026-09-01", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.stderr
    assert "provider → platform" in done.stdout
    written = json.loads((tmp_path / "out" / "chain.json").read_text(encoding="utf-8"))
    assert written["links"] == ["provider", "platform"]
    assert (tmp_path / "out" / "chain.html").is_file()
