"""The page of ``shenhe forecast``: what one measured provider faces, under each assumption, and what drives it."""

from __future__ import annotations

from pathlib import Path

from shenhe.core.text import one_line
from shenhe.simulator.estimation.forecast import LEFT_OUT, OUTCOMES, TYPICAL, Forecast
from shenhe.simulator.estimation.measured import INDEPENDENT
from shenhe.simulator.runs.run import model_hash

from ..figures.drawing import SYMBOLS, Figure, Numbers, blank_figure, error_bars, figure_json, six_digits
from ..quantities import change, change_interval, interval, quantity
from .language import Language
from .sections import Section, render_sections, write_sections


def write_forecast_page(path: Path, found: Forecast, command: str, language: Language = "en") -> None:
    """Write :func:`render_forecast_page`."""
    write_sections(path, *_content(found, command), language)


def render_forecast_page(found: Forecast, command: str, language: Language = "en") -> str:
    """The whole page; ``command`` makes it again."""
    return render_sections(*_content(found, command), language)


def _facts(command: str, seed: int, scenario: str) -> list[tuple[str, str]]:
    return [("Made by", command), ("Seed", str(seed)), ("Scenario", scenario), ("Model", model_hash())]


def forecast_summary(found: Forecast) -> str:
    """The forecast in two sentences."""
    sanctioned, cost = found.main.mean("sanctioned")[0], found.main.mean("cost")[0]
    typical = next(each for each in found.futures if each.name == TYPICAL).mean("sanctioned")[0]
    sentences = (
        f"{one_line(found.measured.name, 80)}, as a {found.size_class} provider followed for {quantity(found.days)}"
        f" days in {found.scenario.name}: sanctioned at least once with probability {quantity(sanctioned, 'share')} (a"
        f" typical one: {quantity(typical, 'share')}), at a mean cost of {quantity(cost)} RMB in fines, damages"
        " and lost revenue."
    )
    beyond = [driver for driver in found.drivers if driver.sanctions[1] > 0 or driver.cost[1] > 0]
    if beyond:
        check = one_line(beyond[0].evidence.check, 60).replace("_", " ")
        return f"{sentences} What drives it most is {check} ({rule(beyond[0].evidence.rules)})."
    if found.drivers:
        return f"{sentences} No single failing check changes that beyond chance."
    return f"{sentences} No check failed."


def rule(rules: tuple[str, ...]) -> str:
    """One rule of those that a check decides: of the Provisions where there is one."""
    return one_line(next((each for each in rules if each.startswith("cn-dsp")), rules[0] if rules else "no rule"), 60)


def warnings(found: Forecast) -> list[str]:
    """What a reader must know before using the figures."""
    sentences = [
        (
            "Probes do not show how often something fails in the field. Each column shows the result under one"
            " assumption."
        ),
    ]
    sentences.append(
        f"The cost counts fines, damages awarded and lost revenue. It leaves out {', '.join(LEFT_OUT)}. It is not the"
        " price of a breach: do not read it as a comparison with the cost of complying."
    )
    unsampled = [each for each in found.measured.evidence if not each.independent]
    if len(unsampled) == len(found.measured.evidence):
        sentences.append(
            f"Checks without a sample count at most {INDEPENDENT} passed cases, or a single failure. “shenhe check"
            " --sample 60” draws independent cases and makes the rates known."
        )
    elif unsampled:
        failing = [one_line(each.check, 60) for each in unsampled if each.failures]
        sentences.append(
            f"{len(unsampled)} of {len(found.measured.evidence)} checks have no sample of random cases, most of them"
            f" because their cases are a fixed list; they count at most {INDEPENDENT} passed cases, or a single failure"
            + (f" ({', '.join(failing)})." if failing else ".")
        )
    skewed = [OUTCOMES[name][0].split(":")[0].lower() for name in found.main.skewed]
    if skewed:
        sentences.append(
            f"A few replications decide the mean of: {', '.join(skewed)}. Their 95 % intervals may cover less than they"
            " say; use more replications."
        )
    sentences += found.scenario.population.notices
    left = sorted(
        {str(risk.name) for risk in found.scenario.behaviours} - {each.behaviour for each in found.measured.evidence}
    )
    if left:
        sentences.append(f"Not measured, so as typical of the size: {', '.join(left)}.")
    outside = sorted(
        {each.behaviour for each in found.measured.evidence} - {str(risk.name) for risk in found.scenario.behaviours}
    )
    if outside:
        sentences.append(f"Measured, but not in the scenario: {', '.join(one_line(name, 40) for name in outside)}.")
    return sentences


def outcome_table(found: Forecast) -> Numbers:
    """One row an outcome, a column an assumption: mean and 95 % interval of the mean. An amount has a second row: what
    one path in 20 exceeds.
    """
    rows = []
    for outcome, (title, unit) in OUTCOMES.items():
        named = f"{title} ({unit})" if unit not in ("", "share") else title
        means = [future.mean(outcome) for future in found.futures]
        cells = [f"{quantity(mean, unit)} ({interval(max(0.0, low), high, unit)})" for mean, low, high in means]
        rows.append((named, *cells))
        if unit not in ("share", ""):
            tails = [quantity(future.quantile(outcome, 0.95)) for future in found.futures]
            rows.append((f"One in 20 above: {named}", *tails))
    return Numbers(("Outcome", *(future.name for future in found.futures)), tuple(rows))


def brief_table(found: Forecast) -> Numbers:
    """For a terminal: the assumption asked for with its interval, the range of the others, and the typical provider."""
    main = found.main
    others = [future for future in found.futures if future.name not in (found.assumed.link, TYPICAL)]
    typical = next(future for future in found.futures if future.name == TYPICAL)
    rows = []
    for outcome, (title, unit) in OUTCOMES.items():
        mean, low, high = main.mean(outcome)
        elsewhere = [future.mean(outcome)[0] for future in others]
        rows.append(
            (
                f"{title.split(':')[0].split(',')[0]} ({unit})" if unit not in ("", "share") else title,
                quantity(mean, unit),
                interval(max(0.0, low), high, unit),
                "" if unit == "share" else quantity(main.quantile(outcome, 0.95), unit),
                interval(min(elsewhere), max(elsewhere), unit),
                quantity(typical.mean(outcome)[0], unit),
            )
        )
    return Numbers(("Outcome", main.name, "95 % interval", "1 in 20 above", "otherwise assumed", TYPICAL), tuple(rows))


def driver_table(found: Forecast) -> Numbers:
    """One row a failing check: what would be saved were it repaired."""
    rows = tuple(
        (
            one_line(driver.evidence.check, 60),
            rule(driver.evidence.rules),
            f"{driver.evidence.failures} of {driver.evidence.judged}",
            f"{change(-driver.sanctions[0])} ({change_interval(-driver.sanctions[2], -driver.sanctions[1])})",
            f"{change(-driver.cost[0])} ({change_interval(-driver.cost[2], -driver.cost[1])})",
        )
        for driver in found.drivers
    )
    return Numbers(("Failing check, if repaired", "Rule", "Failures", "Sanctions", "Cost, RMB"), rows)


def _content(found: Forecast, command: str) -> tuple[str, str, list[Section], list[tuple[str, str]]]:
    sections = [
        Section(
            "faces",
            "What it faces",
            (
                (
                    f"{found.paths} paths: the provider’s failure rates drawn from their posteriors, each path a"
                    f" provider in the same market, in {found.replications} replications. Intervals are those of the"
                    " mean, over replications."
                ),
            ),
            tuple(warnings(found)),
            (_shares(found),),
            (("Outcomes by assumption", outcome_table(found)),),
        )
    ]
    if found.drivers:
        sections.append(
            Section(
                "drivers",
                "What drives it",
                (
                    (
                        "Each failing check in turn is assumed to be repaired, with the same random draws. The change"
                        " is the effect of that check."
                    ),
                ),
                (),
                (),
                (("What a repair changes", driver_table(found)),),
            )
        )
    sections.append(
        Section(
            "rates", "Failure rates", (_rates_words(found),), (), (), (("Failure rate of an occasion", _rates(found)),)
        )
    )
    facts = _facts(command, found.seed, found.scenario.hash)
    return f"Forecast for {one_line(found.measured.name, 80)}", forecast_summary(found), sections, facts


def _rates_words(found: Forecast) -> str:
    failing = len(found.measured.failing)
    return (
        f"{len(found.measured.evidence)} checks were decided, {failing} of them failed;"
        f" {len(found.measured.unmeasured)} decided nothing. Each has a Beta posterior from Jeffreys’ prior. The"
        " assumption at the head of the column gives a behaviour’s rate."
    )


def _rates(found: Forecast) -> Numbers:
    behaviours = list(dict.fromkeys(name for rates in found.rates.values() for name in rates))
    rows = tuple(
        (
            behaviour,
            *(
                f"{quantity(rates[behaviour][0], 'share')}"
                f" ({interval(rates[behaviour][1], rates[behaviour][2], 'share')})"
                for rates in found.rates.values()
            ),
        )
        for behaviour in behaviours
    )
    return Numbers(("Behaviour", *found.rates), rows)


def _shares(found: Forecast) -> Figure:
    shares = [outcome for outcome, (_, unit) in OUTCOMES.items() if unit == "share"]
    figure = blank_figure(height=120 + 46 * len(shares))
    rows = []
    for place, future in enumerate(found.futures):
        means = [future.mean(outcome) for outcome in shares]
        colour = f"var(--run-{place + 1})"
        middle = [100 * mean for mean, _, _ in means]
        figure.add_scatter(
            name=future.name,
            x=six_digits(middle),
            y=[OUTCOMES[outcome][0] for outcome in shares],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[place]},
            error_x=error_bars(
                middle, [100 * max(0.0, low) for _, low, _ in means], [100 * high for _, _, high in means], colour
            ),
            hovertemplate="%{y}: %{x:.1f} %",
        )
        rows += [
            (f"{OUTCOMES[outcome][0]}: {future.name}", quantity(mean, "share"), interval(max(0.0, low), high, "share"))
            for outcome, (mean, low, high) in zip(shares, means, strict=True)
        ]
    figure.update_xaxes(ticksuffix=" %", rangemode="tozero")
    titles = [OUTCOMES[outcome][0] for outcome in shares]
    figure.update_yaxes(categoryorder="array", categoryarray=titles[::-1], showgrid=False, ticks="")
    figure.update_layout(
        hovermode="closest", legend={"y": 1.04, "yanchor": "bottom"}, margin={"l": 8, "r": 16, "t": 60, "b": 8}
    )
    return Figure(
        "shares",
        f"Within {quantity(found.days)} days, by assumption",
        "Probability of each, with 95 % intervals over replications; beside it, a typical provider of the same size.",
        figure_json(figure),
        Numbers(("Outcome and assumption", "Probability", "95 % interval"), tuple(rows)),
    )
