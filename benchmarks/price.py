"""What a verdict costs: requests and paid calls of a run of the sample, and how near its plan comes.

Paid calls are those of `generate` and `edit`, which providers charge for. On 29 November 2026, in this order:

* every case made content and its own lawful twin: core 3,177 requests with 1,049 paid calls, full 5,996 and 2,071;
* outputs were shared: core 1,791 with 262, full 3,222 with 486;
* controls were shared between refusals for one reason, and ten checks were added: core 1,252 with 198, extended 2,887
  with 437.
"""

from __future__ import annotations

from datetime import date

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.probing.session import PAID
from shenhe.conformance.engine.rehearsal import plan_of
from shenhe.conformance.engine.runner import run_checks
from shenhe.sample import create_app, sample_binding

ON = date(2026, 9, 1)


def main() -> None:
    print("| level | requests | paid calls | rules decided | requests planned | paid calls planned |")
    print("|---|---|---|---|---|---|")
    for level in ("core", "extended", "full"):
        with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
            planned = plan_of(provider, provider.target, level=level, on=ON)
            report = run_checks(provider, level=level, on=ON, salt="price")
            paid = sum(exchange.operation in PAID for exchange in provider.log)
        decided = sum(count for verdict, count in report.summary.counts.items() if verdict in ("pass", "fail"))
        cells = (level, report.summary.requests, paid, decided, planned.requests, planned.paid)
        print(f"| {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    main()
