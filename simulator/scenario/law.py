"""Ladders as the rulebook has them: one per legal basis, in the version of the day, with reforms inside a run.

``policy.ladder: {from: rulebook}`` in a scenario file is replaced, when the file is read, by the ladders of the
penalties that the rules of ``behaviours`` are linked to. The rest of the program meets ordinary ladders and changes.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from shenhe.rulebook import Fine, Penalty, Rung, load_rulebook
from shenhe.rulebook.vocabulary import Currency, Effect, Measure

from .policy import Sanction
from .values import Line, NonNegative, Part, Positive, Probability, ScenarioError, faults_of

SANCTION_OF = {
    Measure.INTERVIEW: Sanction.WARNING,
    Measure.WARNING: Sanction.WARNING,
    Measure.ORDER_TO_RECTIFY: Sanction.RECTIFY,
    Measure.PUBLIC_NOTICE: Sanction.PUBLIC_NOTICE,
    Measure.CONFISCATION: Sanction.CONFISCATION,
    Measure.SUSPEND_UPDATES: Sanction.SUSPEND_UPDATES,
    Measure.SUSPEND_REGISTRATION: Sanction.SUSPEND_REGISTRATION,
    Measure.SUSPEND_SERVICE: Sanction.SUSPEND_SERVICE,
    Measure.SUSPEND_BUSINESS: Sanction.SUSPEND_SERVICE,
    Measure.CLOSE_SITE_OR_APP: Sanction.APP_REMOVAL,
    Measure.APP_REMOVAL: Sanction.APP_REMOVAL,
}
"""The measures of the rulebook in terms of the model. A revoked licence is a separate step, the last one."""
MEASURES = {
    Sanction.RECTIFY: "deadline",
    Sanction.SUSPEND_UPDATES: "updates_days",
    Sanction.SUSPEND_REGISTRATION: "registration_days",
    Sanction.SUSPEND_SERVICE: "service_days",
    Sanction.APP_REMOVAL: "removal_days",
    Sanction.CONFISCATION: "confiscates",
    Sanction.PUBLIC_NOTICE: "publicity",
}
DEFAULT_RATES = {Currency.EUR: 7.8, Currency.USD: 7.2, Currency.KRW: 0.0052}


class LawfulLadder(Part):
    """How the law's ladders are filled in where the law leaves it to discretion.

    ``bases`` names the penalty that a behaviour is sanctioned under, where its rule is linked to none with a ladder, or
    to several. ``lowest_share`` is the least fine as a share of the greatest where the law has no
    minimum; ``rates`` are RMB per unit of a currency; ``revokes`` adds closure as the last step where the law allows to
    revoke a licence.
    """

    origin: Literal["rulebook"] = Field(alias="from")
    bases: dict[str, Line] = Field(default_factory=dict)
    deadline: Positive = 15.0
    updates_days: Positive = 30.0
    registration_days: Positive = 30.0
    service_days: Positive = 30.0
    removal_days: Positive = 30.0
    confiscates: Probability = 1.0
    publicity: Positive = 2.0
    lowest_share: Probability = 0.01
    appealable: bool = True
    revokes: bool = True
    rates: dict[Currency, NonNegative] = Field(default_factory=dict)


def with_lawful_ladders(data: dict[str, Any], source: str, days: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario document in which ``policy.ladder: {from: rulebook}`` is replaced by the ladders themselves. ``days``
    holds another ``start`` or ``horizon`` than the document's.

    Raises :class:`ScenarioError` for a behaviour whose rule leads to no ladder, or whose penalty is in force on no day.
    """
    ladder = data.get("policy", {}).get("ladder") if isinstance(data.get("policy"), dict) else None
    if not isinstance(ladder, dict):
        return data
    try:
        terms = LawfulLadder.model_validate(ladder)
    except ValidationError as error:
        raise ScenarioError(f"{source}: {faults_of(error, LawfulLadder, 'policy.ladder.')}") from None
    return _Lawful(data, terms, source, {**data, **days}).document()


class _Lawful:
    def __init__(self, data: dict[str, Any], terms: LawfulLadder, source: str, days: Mapping[str, Any]) -> None:
        self.data, self.terms, self.source, self.book = data, terms, source, load_rulebook()
        try:
            self.start = date.fromisoformat(str(days.get("start")))
            self.end = self.start + timedelta(days=float(days["horizon"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ScenarioError(
                f"{source}: policy.ladder: expected start: YYYY-MM-DD and horizon in days, which decide the law"
            ) from None

    def document(self) -> dict[str, Any]:
        ladders: dict[str, list[dict[str, Any]]] = {}
        behaviours: list[dict[str, Any]] = []
        reforms: dict[date, dict[str, str]] = {}
        for risk in self.data.get("behaviours", []):
            names = []
            for penalty in self._versions(risk):
                steps = self._steps(penalty)
                # A version that renumbers and changes nothing is no reform.
                same = next((name for name, known in ladders.items() if _alike(known, steps)), None)
                name = same or _name_of(penalty)
                ladders.setdefault(name, steps)
                names.append((penalty.valid_from, name))
            behaviours.append({**risk, "ladder": names[0][1]})
            for (_, before), (since, after) in itertools.pairwise(names):
                if after != before and since is not None:
                    reforms.setdefault(since, {})[f"behaviours.{risk['name']}.ladder"] = after
        common, *others = ladders
        for risk in behaviours:
            risk["ladder"] = None if risk["ladder"] == common else risk["ladder"]
        changes = [
            {"title": f"the law in force from {since}", "day": float((since - self.start).days), "set": values}
            for since, values in sorted(reforms.items())
        ]
        policy = {**self.data["policy"], "ladder": ladders[common], "fine_on": "first-violation"}
        policy["ladders"] = [{"name": name, "steps": ladders[name]} for name in others]
        return {
            **self.data,
            "policy": policy,
            "behaviours": behaviours,
            "changes": [*changes, *self.data.get("changes", [])],
        }

    def _versions(self, risk: Mapping[str, Any]) -> Sequence[Penalty]:
        """The versions of the penalty for a behaviour that are in force during the run, first to last."""
        name, rule = str(risk.get("name")), self.book.rules.get(str(risk.get("rule")))
        place = f"{self.source}: policy.ladder: {name}"
        if name in self.terms.bases:
            chosen = self.terms.bases[name]
        else:
            linked = [link.penalty for link in rule.penalties] if rule else []
            having = [penalty for penalty in linked if any(v.effect is Effect.LADDER for v in self._of(penalty))]
            if not having:
                refers = sorted({to for penalty in linked for v in self._of(penalty) for to in v.refers_to})
                hint = f"; it refers to {', '.join(refers)}" if refers else ""
                raise ScenarioError(
                    f"{place}: found no ladder for the rule {risk.get('rule')}{hint}. "
                    f"Name one in policy.ladder.bases.{name}"
                )
            chosen = having[0]
        versions = self._of(chosen)
        if not versions:
            raise ScenarioError(f"{place}: found {chosen!r}, which is no penalty of the rulebook")
        if all(version.effect is not Effect.LADDER for version in versions):
            raise ScenarioError(f"{place}: found {chosen!r}, which has no steps; name one that it refers to")
        # A draft has no dates: naming it selects it.
        drafts = [version for version in versions if version.valid_from is None]
        dated = [version for version in versions if version.valid_from is not None]
        during = [
            version
            for version in sorted(dated, key=lambda version: version.valid_from or date.min)
            if (version.valid_from or date.min) < self.end and (version.valid_to or date.max) >= self.start
        ]
        if not (during or drafts):
            raise ScenarioError(f"{place}: {chosen} is not in force between {self.start} and {self.end}")
        return during or drafts

    def _of(self, penalty: str) -> list[Penalty]:
        return [each for each in self.book.penalties.values() if penalty in (each.id, each.provision)]

    def _steps(self, penalty: Penalty) -> list[dict[str, Any]]:
        seen, steps, revoked = set(), [], None
        for rung in penalty.rungs:
            if rung.step in seen:
                continue  # for operators of critical infrastructure, who are not in the model
            seen.add(rung.step)
            steps.append(self._step(penalty, rung))
            if Measure.REVOKE_LICENCE in rung.measures:
                revoked = steps[-1]
        if revoked is not None and self.terms.revokes:
            money = [item for item in ("fine", "staff-fine") if item in revoked["sanctions"]]
            last = {
                key: value for key, value in revoked.items() if key in ("penalty", "fine", "staff_fine", "appealable")
            }
            steps.append({**last, "sanctions": [*money, "revocation"]})
        return steps

    def _step(self, penalty: Penalty, rung: Rung) -> dict[str, Any]:
        step: dict[str, Any] = {"penalty": penalty.id, "appealable": self.terms.appealable}
        sanctions = {SANCTION_OF[measure] for measure in rung.measures if measure in SANCTION_OF}
        for name, sanction, fine in (
            ("fine", Sanction.FINE, rung.fine),
            ("staff_fine", Sanction.STAFF_FINE, rung.staff_fine),
        ):
            if fine is not None:
                sanctions.add(sanction)
                amounts = self._range(fine)
                step[name] = amounts if name == "fine" else {key: amounts[key] for key in ("low", "high")}
        for sanction in sanctions & set(MEASURES):
            step[MEASURES[sanction]] = getattr(self.terms, MEASURES[sanction])
        step["sanctions"] = [str(each) for each in Sanction if each in sanctions] or [str(Sanction.WARNING)]
        return step

    def _range(self, fine: Fine) -> dict[str, Any]:
        rate = (
            1.0 if fine.currency is Currency.RMB else self.terms.rates.get(fine.currency, DEFAULT_RATES[fine.currency])
        )
        high = fine.maximum or fine.minimum or 0.0
        low = fine.minimum or self.terms.lowest_share * high
        # Where the lower of amount and share is the cap, the share only spares the small.
        share = 0.0 if fine.combine == "lower" else fine.turnover_share or 0.0
        return {"low": low * rate, "high": high * rate, "turnover_share": share}


def _alike(steps: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two versions impose the same, whatever their number. Of different provisions they are kept apart."""

    def measures(step: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in step.items() if key != "penalty"} | {
            "penalty": str(step["penalty"]).partition("@")[0]
        }

    return [measures(step) for step in steps] == [measures(step) for step in others]


def _name_of(penalty: Penalty) -> str:
    """``csl-69@2026`` for ``cn-penalties/csl-69@2026``; a dot would end a step of a path."""
    return penalty.id.partition("/")[2].replace(".", "-")
