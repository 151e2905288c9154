"""From shards to results: one file ordered by world, arm and replication, whatever made the shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ..kernel.eventlog import write_table
from ..kernel.replication import BIN
from ..runs.outcomes import SERIES_UNITS
from .jobs import Cell, Job
from .ledger import Ledger, of_disk
from .plan import SERIES_PREFIX, Plan

ROW_GROUP = 32_768
"""Rows of one row group of the results: fixed, so that the bytes do not depend on how jobs were cut."""


def write_results(plan: Plan, ledger: Ledger, rounds: Sequence[Sequence[Job]]) -> None:
    """Merge the shards by world, arm and replication, with one shard of each round in memory and one row group."""
    write_table(
        pa.Table.from_pandas(plan.worlds, preserve_index=False).replace_schema_metadata(None),
        ledger.folder / "worlds.parquet",
    )
    arms = pa.array([arm.name for arm in plan.arms], pa.string())
    names_of_arms = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [("world", pa.int32()), ("arm", names_of_arms), ("replication", pa.int32())]
        + [
            pa.field(
                name, pa.float64(), metadata={"title": metric.title} | ({"unit": metric.unit} if metric.unit else {})
            )
            for name, metric in plan.metrics.items()
        ]
        + [
            pa.field(
                SERIES_PREFIX + name,
                pa.list_(pa.float64()),
                metadata={"bin": f"{BIN:g} days"} | ({"unit": SERIES_UNITS[name]} if name in SERIES_UNITS else {}),
            )
            for name in plan.study.series
        ]
    )
    path = ledger.folder / "results.parquet"
    temporary = ledger.temporary(path.name)
    streams = [_Stream(ledger, jobs) for jobs in rounds]
    waiting: list[pa.Table] = []
    held = 0

    def flush(rows: int) -> None:
        nonlocal waiting, held
        together = pa.concat_tables(waiting)
        lot, rest = together.slice(0, rows), together.slice(rows)
        codes = pa.DictionaryArray.from_arrays(lot.column("arm").combine_chunks(), arms)
        writer.write_table(lot.set_column(1, "arm", codes).cast(schema).combine_chunks(), row_group_size=rows)
        waiting, held = [rest], rest.num_rows

    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for world in range(len(plan.worlds)):
                for arm in range(len(plan.arms)):
                    for stream in streams:
                        for table in stream.take(world, arm):
                            waiting.append(table)
                            held += table.num_rows
                while held >= ROW_GROUP:
                    flush(ROW_GROUP)
            if held:
                flush(held)
        temporary.replace(path)
    except OSError as error:
        raise of_disk(error, ledger.folder) from error
    finally:
        temporary.unlink(missing_ok=True)


class _Stream:
    """The rows of the jobs of one round, handed out cell by cell in the order in which the jobs have them."""

    def __init__(self, ledger: Ledger, jobs: Iterable[Job]) -> None:
        self._parts = self._read(ledger, jobs)
        self._next = next(self._parts, None)

    @staticmethod
    def _read(ledger: Ledger, jobs: Iterable[Job]) -> Iterator[tuple[Cell, pa.Table]]:
        for job in jobs:
            table = ledger.read(job)
            if table is None:
                continue  # in quarantine
            offset = 0
            for cell, _, _ in job.cells:
                yield cell, table.slice(offset, cell.last - cell.first)
                offset += cell.last - cell.first

    def take(self, world: int, arm: int) -> Iterator[pa.Table]:
        while self._next is not None and self._next[0][:2] == (world, arm):
            yield self._next[1]
            self._next = next(self._parts, None)
