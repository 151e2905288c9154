"""Formulas of queues in equilibrium, which the model must give where it is reduced to such a queue.

They are in Gross, Shortle, Thompson and Harris, *Fundamentals of Queueing Theory* (2008), chapter 2. Nothing is checked
and nothing is raised, except ``ZeroDivisionError`` for a load of exactly the number of servers.
"""

from __future__ import annotations


def erlang_c_wait(arrivals: float, mean_service: float, servers: int) -> float:
    """Mean wait in M/M/c: C / (c mu - lambda) with C = B / (1 - rho (1 - B)) from Erlang's B.

    ``arrivals`` per day and ``mean_service`` in days give a wait in days. The load must be below ``servers``: otherwise
    there is no mean wait, and the result has no meaning.
    """
    load = arrivals * mean_service
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    rho = load / servers
    waits = blocked / (1.0 - rho * (1.0 - blocked))
    return waits / (servers / mean_service - arrivals)


def erlang_b(load: float, servers: int) -> float:
    """Share of arrivals lost in M/G/c/c with ``load`` = arrivals times mean service (Erlang's B, any service law).

    By the recursion B_k = a B_{k-1} / (k + a B_{k-1}) from B_0 = 1, where a is the load, a number without a unit.
    """
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked


def finite_source_wait(sources: int, servers: int, rate: float, mean_service: float) -> float:
    """Mean wait in days where each of ``sources`` raises its next case at ``rate`` per day only once its last one is
    closed; ``mean_service`` is in days.

    Birth and death: w_{k+1} = w_k (N - k) lambda / (min(k + 1, c) mu); then Wq = Lq / throughput (Little).
    """
    weights = [1.0]
    for k in range(sources):
        weights.append(weights[-1] * (sources - k) * rate * mean_service / min(k + 1, servers))
    waiting = sum(weight * max(k - servers, 0) for k, weight in enumerate(weights))
    throughput = sum(weight * (sources - k) * rate for k, weight in enumerate(weights))
    return waiting / throughput
