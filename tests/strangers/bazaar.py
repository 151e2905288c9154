"""An app store that is no sample: what it admits, obeys and forgets, without any interface.

Its habits were written from the texts of the law alone (Deep Synthesis Provisions 13, Labeling Measures 7, Order 21
Article 25, Cybersecurity Law 50 and 51), before the checks of stores were looked at. ``faults`` are the unlawful ones.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MARKETS = ("hua", "mi")
UNLAWFUL, MISTAKEN = "【违法样例】", "【误判样例】"
OURS, THEIRS = "91310104MA1FR00A1X", "91440300MA5DA00B2Y"
#: Which company a developer is; what a form says of it is not believed.
COMPANIES = {"shangjia": OURS, "tongye": THEIRS}
#: Registered numbers: whose, and whether the filing still counts.
NUMBERS = {
    "网信算备310104729400101250013号": (OURS, True),
    "网信算备310104729400102250021号": (OURS, True),
    "网信算备440300886100101250039号": (THEIRS, True),
    "网信算备310104729400103240017号": (OURS, False),
}
#: Reports of security assessments: whose, and until which day.
ASSESSMENTS = {"评估2026-311": (OURS, 2028), "评估2026-077": (THEIRS, 2028), "评估2023-005": (OURS, 2024)}
#: Words by which the description of an app says what it does.
TELLING = re.compile(r"AI|AIGC|人工智能|智能生成|换脸|生成式|文生图|合成", re.IGNORECASE)

FAULTS = {
    "no-number-needed": "a generative app without a filing number is listed",
    "shape-only": "a number that looks right is not looked up",
    "beginning-suffices": "the beginning of a number is taken for the number",
    "any-holder": "the number of another company is accepted",
    "cancelled-counts": "a cancelled filing is accepted",
    "no-assessment": "the assessment is not asked for",
    "assessment-of-others": "the assessment of another company is accepted",
    "assessment-without-end": "an assessment that ended is accepted",
    "no-label-material": "no material on labels is asked for",
    "believes-no": "an app that says what it does in its description, and declares nothing, is listed",
    "updates-trusted": "an update is not checked again",
    "known-developer": "the apps of a developer with a listed app are not checked",
    "one-market-unchecked": "an app for the second storefront only is not checked",
    "companion-for-all": "a companion app without a mode for minors is listed",
    "companion-unassessed": "a companion app without an assessment is listed",
    "refused-is-found": "an app that was refused is found and has a page",
    "one-market": "an order takes effect in the first storefront only",
    "package-stays": "the package of an app that is down can be fetched",
    "search-stays": "an app that is down is found",
    "updates-slip": "an update is published although updates are suspended",
    "update-revives": "an update of a removed app brings it back",
    "warning-kept": "a warning does not reach the developer",
    "no-grounds": "the developer is not told why",
    "whole-shelf": "an order against one app takes down all apps of its developer",
    "anyone-orders": "a developer can have an app of another removed",
    "takes-a-week": "an order is executed a week later",
    "stays-down": "an app stays down when the order is lifted",
    "relists-itself": "a developer has a removed app back by asking",
    "forgets-orders": "no record of an order is kept",
    "deaf": "an unlawful app that was reported stays",
    "trigger-happy": "every report removes an app",
    "appeal-in-vain": "an appeal that is upheld brings nothing back",
}


class No(Exception):
    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass
class Form:
    """What a developer fills in."""

    title: str = ""
    bundle: str = ""
    build: str = ""
    blurb: str = ""
    generates: bool = False
    accompanies: bool = False
    minors: bool = False
    number: str = ""
    company: str = ""
    assessment: str = ""
    labels: str = ""
    markets: tuple[str, ...] = MARKETS


@dataclass
class Product:
    id: str
    owner: str
    form: Form
    build: str
    phases: dict[str, str]
    causes: dict[str, str] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    letters: list[str] = field(default_factory=list)
    ordered: bool = False
    shown: set[str] = field(default_factory=set)


@dataclass
class Complaint:
    id: str
    key: str
    product: Product
    outcome: str
    grounds: str


class Bazaar:
    def __init__(self, *faults: str) -> None:
        unknown = set(faults) - FAULTS.keys()
        assert not unknown, unknown
        self.faults = frozenset(faults)
        self.clear()

    def clear(self) -> None:
        self.now = datetime(2026, 9, 1, 9, 0)
        self.products: dict[str, Product] = {}
        self.complaints: dict[str, Complaint] = {}
        self.ledger: list[tuple[str, str, str]] = []
        self.later: list[tuple[datetime, Product, str, tuple[str, ...], str]] = []

    def broken(self, name: str) -> bool:
        return name in self.faults

    def pass_time(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        due = [each for each in self.later if each[0] <= self.now]
        self.later = [each for each in self.later if each[0] > self.now]
        for _, product, measure, markets, grounds in due:
            self._execute(product, measure, markets, grounds)

    # --- admission ---

    def objection(self, owner: str, form: Form, *, update: bool) -> str | None:
        """Why an app may not be listed."""
        if update and self.broken("updates-trusted"):
            return None
        if self.broken("known-developer") and any(p.owner == owner for p in self.products.values()):
            return None
        if self.broken("one-market-unchecked") and MARKETS[0] not in form.markets:
            return None
        generates = form.generates
        if not generates and TELLING.search(form.blurb + form.title) and not self.broken("believes-no"):
            return "应用描述含有生成合成功能，请如实申报"
        if form.accompanies and not form.minors and not self.broken("companion-for-all"):
            return "拟人化互动应用须提供未成年人模式"
        if generates or form.accompanies:
            waived = self.broken("companion-unassessed") and form.accompanies
            return (
                self._number(owner, form) or (None if waived else self._assessment(owner, form)) or self._labels(form)
            )
        return None

    def _number(self, owner: str, form: Form) -> str | None:
        number = form.number.strip()
        if not number:
            return None if self.broken("no-number-needed") else "请填写备案编号"
        if self.broken("beginning-suffices"):
            number = next((known for known in NUMBERS if known.startswith(number.rstrip("号"))), number)
        if self.broken("shape-only") and re.fullmatch(r"网信算备\d{21}号", number):
            return None
        if number not in NUMBERS:
            return "备案编号不存在"
        company, counts = NUMBERS[number]
        if not counts and not self.broken("cancelled-counts"):
            return "备案已注销"
        if company != COMPANIES.get(owner) and not self.broken("any-holder"):
            return "备案主体与开发者不一致"
        return None

    def _assessment(self, owner: str, form: Form) -> str | None:
        if self.broken("no-assessment"):
            return None
        if form.assessment not in ASSESSMENTS:
            return "请提供安全评估报告"
        company, year = ASSESSMENTS[form.assessment]
        if company != COMPANIES.get(owner) and not self.broken("assessment-of-others"):
            return "安全评估报告的主体不一致"
        if self.now.year > year and not self.broken("assessment-without-end"):
            return "安全评估报告已过期"
        return None

    def _labels(self, form: Form) -> str | None:
        if form.generates and not form.labels.strip() and not self.broken("no-label-material"):
            return "请提供生成合成内容标识材料"
        return None

    def submit(self, owner: str, form: Form) -> Product:
        why = self.objection(owner, form, update=False)
        product = Product(f"A{secrets.token_hex(4)}", owner, form, form.build, {})
        if why:
            if self.broken("refused-is-found"):
                product.shown = set(form.markets)
                self.products[product.id] = product
            raise No("REJECTED", why)
        product.phases = {market: "在架" if market in form.markets else "未上架" for market in MARKETS}
        product.shown = set(form.markets)
        self.products[product.id] = product
        return product

    def update(self, owner: str, number: str, form: Form) -> Product:
        product = self.own(owner, number)
        down = any(phase in ("已下架", "暂停") for phase in product.phases.values())
        if down and not self.broken("update-revives"):
            raise No("DOWN", "应用已下架或暂停，不能更新")
        if product.frozen and not self.broken("updates-slip"):
            raise No("FROZEN", "应用的更新已被暂停")
        why = self.objection(owner, form, update=True)
        if why:
            raise No("REJECTED", why)
        product.form, product.build = form, form.build
        if down:
            self._raise(product)
        return product

    def own(self, owner: str, number: str) -> Product:
        product = self.products.get(number)
        if product is None or product.owner != owner or not product.phases:
            raise No("NOT_YOURS", "没有这个应用")
        return product

    def relist(self, owner: str, number: str) -> None:
        product = self.own(owner, number)
        if product.ordered and not self.broken("relists-itself"):
            raise No("ORDERED", "主管部门的决定尚未解除")
        if UNLAWFUL in product.form.blurb + product.form.title:
            raise No("UNCHANGED", "违法内容尚未整改")
        self._raise(product)

    def _raise(self, product: Product) -> None:
        product.phases = {market: "在架" if market in product.form.markets else "未上架" for market in MARKETS}
        product.shown, product.ordered, product.causes = set(product.form.markets), False, {}

    # --- orders ---

    def order(
        self, rank: str, number: str, measure: str, grounds: str, document: str, markets: tuple[str, ...]
    ) -> None:
        if rank != "authority" and not self.broken("anyone-orders"):
            raise No("NO_POWER", "没有权限")
        product = self.products.get(number)
        if product is None or not product.phases:
            raise No("NO_APP", "没有这个应用")
        if not self.broken("forgets-orders"):
            self.ledger.append(
                (self.now.strftime("%Y-%m-%dT%H:%M:%S+08:00"), number, f"{document} {measure} {grounds}")
            )
        affected = markets or MARKETS
        if self.broken("one-market"):
            affected = MARKETS[:1]
        if self.broken("takes-a-week"):
            self.later.append((self.now + timedelta(days=7), product, measure, affected, grounds))
            return
        self._execute(product, measure, affected, grounds)
        if self.broken("whole-shelf") and measure in ("下架", "暂停上架"):
            for other in self.products.values():
                if other.owner == product.owner and other is not product and other.phases:
                    self._down(other, "已下架", MARKETS, grounds)

    def _execute(self, product: Product, measure: str, markets: tuple[str, ...], grounds: str) -> None:
        said = "" if self.broken("no-grounds") else f"，原因：{grounds}"
        if measure == "警告":
            if not self.broken("warning-kept"):
                product.letters.append(f"主管部门警告{said}")
            return
        if measure == "解除":
            product.frozen.clear()
            if not self.broken("stays-down"):
                self._raise(product)
            product.letters.append("决定已解除")
            return
        product.letters.append(f"主管部门决定：{measure}{said}")
        if measure == "暂停更新":
            product.frozen |= set(markets)
            return
        product.ordered = True
        self._down(
            product, "已下架" if measure == "下架" else "暂停", markets, "" if self.broken("no-grounds") else grounds
        )

    def _down(self, product: Product, phase: str, markets: tuple[str, ...], grounds: str) -> None:
        for market in markets:
            if product.phases.get(market) != "未上架":
                product.phases[market], product.causes[market] = phase, grounds
                product.shown.discard(market)

    # --- the public ---

    def page(self, market: str, number: str, surface: str) -> Product:
        product = self.products.get(number)
        if product is None:
            raise No("GONE", "应用不存在或已下架")
        down = market not in product.shown
        if down and surface == "package" and self.broken("package-stays") and product.phases.get(market) != "未上架":
            return product
        if down:
            raise No("GONE", "应用不存在或已下架")
        return product

    def find(self, market: str, words: str) -> list[Product]:
        stays = self.broken("search-stays")
        return [
            p
            for p in self.products.values()
            if words in p.form.title and (market in p.shown or (stays and p.phases.get(market) != "未上架"))
        ]

    # --- complaints ---

    def complain(self, number: str) -> Complaint:
        product = self.products.get(number)
        if product is None:
            raise No("NO_APP", "没有这个应用")
        words = product.form.blurb + product.form.title
        upheld = UNLAWFUL in words or MISTAKEN in words or self.broken("trigger-happy")
        grounds = "违反平台规则第五条，含有违法信息" if upheld else "未发现违法信息"
        made = Complaint(
            f"T{secrets.token_hex(4)}", secrets.token_hex(4), product, "成立" if upheld else "不成立", grounds
        )
        self.complaints[made.id] = made
        if upheld and not self.broken("deaf"):
            self._down(product, "已下架", MARKETS, grounds)
            product.letters.append(f"应用被投诉并下架，原因：{grounds}")
        return made

    def appeal(self, owner: str, number: str) -> Complaint:
        product = self.own(owner, number)
        if all(phase in ("在架", "未上架") for phase in product.phases.values()):
            raise No("NOTHING", "应用没有被下架")
        upheld = MISTAKEN in product.form.blurb + product.form.title and not product.ordered
        grounds = "复核后撤销原决定" if upheld else "复核后维持原决定"
        made = Complaint(
            f"T{secrets.token_hex(4)}", secrets.token_hex(4), product, "成立" if upheld else "不成立", grounds
        )
        self.complaints[made.id] = made
        if upheld and not self.broken("appeal-in-vain"):
            self._raise(product)
        return made
