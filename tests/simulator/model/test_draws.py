"""Keyed draws: the published known answers, one source for both engines, purposes that never collide."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenhe.simulator.kernel.draws import MAX_SEED, PLAIN, Purpose, _philox, compiled, replication_seed

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_random123(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, int, int, int]
) -> None:
    assert _philox(*counter, *key) == words


@given(
    seed=st.integers(0, MAX_SEED),
    entity=st.integers(0, 2**20 - 1),
    purpose=st.integers(0, 63),
    index=st.integers(0, 2**50),
)
@settings(deadline=None)
def test_compiled_draws_have_the_bits_of_plain_ones(seed: int, entity: int, purpose: int, index: int) -> None:
    fast = compiled()
    assert fast.uniform(seed, entity, purpose, index) == PLAIN.uniform(seed, entity, purpose, index)
    assert fast.exponential(seed, entity, purpose, index) == PLAIN.exponential(seed, entity, purpose, index)


def test_draws_for_python_are_those_of_compiled_code() -> None:
    for draws in (compiled(), PLAIN):
        direct = draws.for_python()
        for key in itertools.product((1, 2**62 - 1), (0, 2**20 - 1), (0, 76), (0, 2**40)):
            assert direct.uniform(*key) == PLAIN.uniform(*key)
            assert direct.exponential(*key) == PLAIN.exponential(*key)
            assert direct.uniforms(*key, 3).tolist() == PLAIN.uniforms(*key, 3).tolist()


def test_draws_taken_together_are_those_taken_one_by_one() -> None:
    for draws in (PLAIN, compiled()):
        alone = [draws.uniform(5, entity, 7, 3) for entity in range(20)]
        assert draws.across(5, 7, 3, 20).tolist() == alone
        assert draws.uniforms(5, 4, 7, 3, 20).tolist() == [draws.uniform(5, 4, 7, k) for k in range(3, 23)]
        assert draws.exponentials(5, 4, 7, 3, 20).tolist() == [draws.exponential(5, 4, 7, k) for k in range(3, 23)]


def test_each_part_of_the_key_matters() -> None:
    uniform = PLAIN.uniform
    draws = {
        uniform(5, 6, 7, 8),
        uniform(5 + 2**40, 6, 7, 8),
        uniform(4, 6, 7, 8),
        uniform(5, 7, 7, 8),
        uniform(5, 6, 8, 8),
        uniform(5, 6, 7, 9),
        uniform(5, 6, 7, 8 + 2**40),
    }
    assert len(draws) == 7


def test_uniforms_are_uniform_and_exponentials_exponential() -> None:
    fast = compiled()
    n = 20_000
    uniforms = np.array([fast.uniform(3, 1, 2, k) for k in range(n)])
    assert uniforms.min() > 0
    assert uniforms.max() < 1
    assert abs(uniforms.mean() - 0.5) < 4 * np.sqrt(1 / 12 / n)
    counts = np.histogram(uniforms, bins=20, range=(0, 1))[0]
    chi_square = float(((counts - n / 20) ** 2 / (n / 20)).sum())
    assert chi_square < 19 + 4 * np.sqrt(2 * 19)
    exponentials = np.array([fast.exponential(3, 1, 2, k) for k in range(n)])
    assert abs(exponentials.mean() - 1) < 4 / np.sqrt(n)


def test_neighbouring_draws_are_uncorrelated() -> None:
    uniform = compiled().uniform
    n = 20_000
    here = np.array([uniform(9, p, 1, 0) for p in range(n)])
    there = np.array([uniform(9, p, 1, 1) for p in range(n)])
    assert abs(np.corrcoef(here, there)[0, 1]) < 4 / np.sqrt(n)
    assert abs(np.corrcoef(here[:-1], here[1:])[0, 1]) < 4 / np.sqrt(n)


def test_purposes_are_distinct_and_keep_their_published_codes() -> None:
    codes = {name: code for name, code in vars(Purpose).items() if name.isupper()}
    assert len(set(codes.values())) == len(codes)
    assert sorted(codes.values()) == list(range(len(codes)))
    # Published: every run made so far depends on these.
    published = ("REPLICATION", "CANDIDATE_GAP", "VERDICT", "RELISTING_DECISION", "USERS_SECOND")
    assert [codes[name] for name in published] == [0, 5, 26, 45, 46]


def test_replications_have_their_own_seeds() -> None:
    seeds = {replication_seed(1, number) for number in range(1000)} | {replication_seed(2, 0)}
    assert len(seeds) == 1001
    assert all(0 <= seed <= MAX_SEED for seed in seeds)


@pytest.mark.costly
def test_compiles_without_a_writable_cache(tmp_path: object) -> None:
    """A read-only installation without a home folder must cost time, never fail."""
    code = (
        "from shenhe.simulator.kernel import draws\n"
        "draws._cache_parents = lambda: [draws.Path('/proc/nowhere')]\n"
        "assert draws.cache_folder('1') is None\n"
        "assert draws.compiled().uniform(1, 2, 3, 4) == draws.PLAIN.uniform(1, 2, 3, 4)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "NUMBA_CACHE_DIR")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd="/")


def test_without_numba_the_draws_are_plain() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from shenhe.simulator.kernel import draws\n"
        "assert draws.compiled() is draws.PLAIN\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
