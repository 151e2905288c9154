"""One queue in several simulators: M/M/c, customers who wait for one of ``SERVERS`` servers, 80 % of them busy.

Each function runs it until about ``customers`` have come and gives the mean wait in service times: a simulator
that skips work would show it. A simulator that is not installed raises ``ImportError``. Used by ``engine.py``;
alone it prints the result of each: ``python benchmarks/queues.py``. The packages but SimPy are no dependency:
``python -m pip install cimba salabim ciw``.
"""

import argparse
import functools
import math
import random
import time
from collections.abc import Callable, Generator
from typing import Any

# No `from __future__ import annotations`: Cimba-py reads the annotations of a model, also of one that is defined in a
# function.

SERVERS = 4
LOAD = 0.8
RATE = SERVERS * LOAD
"""Customers in a mean service time."""


def expected_wait() -> float:
    """The mean wait by Erlang's formula, in service times."""
    blocking = 1.0
    for servers in range(1, SERVERS + 1):
        blocking = RATE * blocking / (servers + RATE * blocking)
    waiting = blocking / (1.0 - LOAD * (1.0 - blocking))
    return waiting / (SERVERS - RATE)


def simpy_queue(customers: int, seed: int) -> float:
    """A process for each customer, as SimPy's tutorial has it."""
    import simpy

    env = simpy.Environment()
    servers = simpy.Resource(env, SERVERS)
    dice = random.Random(seed)
    waited = 0.0

    def serve() -> Generator[Any, Any, None]:
        nonlocal waited
        came = env.now
        with servers.request() as request:
            yield request
            waited += env.now - came
            yield env.timeout(dice.expovariate(1.0))

    def arrive() -> Generator[Any, Any, None]:
        for _ in range(customers):
            yield env.timeout(dice.expovariate(RATE))
            env.process(serve())

    env.process(arrive())
    env.run()
    return waited / customers


def salabim_queue(customers: int, seed: int) -> float:
    """A component for each customer, in yield mode and without monitors, which is salabim's quickest."""
    import salabim

    salabim.yieldless(False)
    env = salabim.Environment(random_seed=seed, trace=False, do_reset=True)
    dice = random.Random(seed)
    servers = salabim.Resource("servers", capacity=SERVERS, monitor=False, env=env)
    waited = 0.0

    class Customer(salabim.Component):  # type: ignore[misc]
        def process(self) -> Generator[Any, Any, None]:
            nonlocal waited
            came = env.now()
            yield self.request(servers)
            waited += env.now() - came
            yield self.hold(dice.expovariate(1.0))

    class Arrivals(salabim.Component):  # type: ignore[misc]
        def process(self) -> Generator[Any, Any, None]:
            for _ in range(customers):
                yield self.hold(dice.expovariate(RATE))
                Customer(env=env)

    Arrivals(env=env)
    env.run()
    return waited / customers


def ciw_queue(customers: int, seed: int) -> float:
    import ciw

    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers)
    waits = [record.waiting_time for record in simulation.get_all_records()]
    return math.fsum(waits) / len(waits)


def cimba_queue(customers: int, seed: int) -> float:
    """Servers as processes and customers as items of a container, which is how its own example has it."""
    import cimba

    model = _cimba_model()
    window = cimba.Window(warmup=0, duration=customers / RATE)
    results = cimba.Experiment(model, replications=1, window=window, seed=seed).run()
    return float(results[model].mean_queue.values.item()) / RATE  # Little's law


@functools.cache
def _cimba_model() -> Any:
    import cimba
    from cimba import inputs

    class Queue(cimba.Model):  # type: ignore[misc]
        interarrival: cimba.Input[float] = inputs.dist.exponential(mean=1.0 / RATE)
        service: cimba.Input[float] = inputs.dist.exponential(mean=1.0)
        waiting: cimba.Container
        mean_queue: cimba.Output[float]

        @cimba.process  # type: ignore[untyped-decorator]
        def arrivals(self) -> None:
            while True:
                cimba.hold(self.interarrival.next())
                self.waiting.put(1)

        @cimba.process(copies=SERVERS)  # type: ignore[untyped-decorator]
        def server(self) -> None:
            while True:
                self.waiting.get(1)
                cimba.hold(self.service.next())

        @cimba.on_end  # type: ignore[untyped-decorator]
        def measure(self) -> None:
            self.mean_queue = self.waiting.mean_level()

    return Queue()


SIMULATORS: dict[str, Callable[[int, int], float]] = {
    "SimPy": simpy_queue,
    "salabim": salabim_queue,
    "Ciw": ciw_queue,
    "Cimba-py": cimba_queue,
}


def seconds_per_customer(name: str, customers: int, rounds: int) -> tuple[float, float]:
    """CPU seconds that a customer takes (median), and the mean wait found. Raises ``ImportError`` where it is not
    installed.
    """
    run = SIMULATORS[name]
    run(2000, 0)  # imports and compiles
    spent, waits = [], []
    for seed in range(1, rounds + 1):
        began = time.process_time()
        waits.append(run(customers, seed))
        spent.append((time.process_time() - began) / customers)
    return sorted(spent)[rounds // 2], math.fsum(waits) / rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", choices=SIMULATORS, help="print CPU seconds per customer and the mean wait of one, for a program"
    )
    options = parser.parse_args()
    if options.only:
        print(*seconds_per_customer(options.only, 20_000, 3))
        return
    print(f"M/M/{SERVERS} at {LOAD:.0%}, mean wait by Erlang's formula {expected_wait():.5f} service times")
    for name in SIMULATORS:
        try:
            cost, wait = seconds_per_customer(name, 20_000, 3)
        except ImportError as error:
            print(f"{name:10} left out: {error}")
            continue
        print(f"{name:10} {1e6 * cost:8.2f} µs a customer, mean wait {wait:.5f}")


if __name__ == "__main__":
    main()
