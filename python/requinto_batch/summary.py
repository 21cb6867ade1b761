# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a batch, a row a song, as CSV or Parquet."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from requinto_batch.errors import BatchError
from requinto_files.environment import is_installed
from requinto_files.output_files import check_ending, check_output, whole_file

ENDINGS = (".csv", ".parquet")
DONE, DONE_BEFORE, FAILED = "done", "done before", "failed"
_N_ROWS = 10_000  # of a group of Parquet's, which is held in memory
_SEPARATOR = "; "  # of several values in a cell of CSV


class Row(NamedTuple):
    """What became of a song."""

    path: str  # below the folder that was named
    status: str  # DONE, DONE_BEFORE or FAILED
    duration_s: float | None = None  # of the song
    elapsed_s: float | None = None  # of work, when it was done
    outputs: tuple[str, ...] = ()  # below the folder that is written to
    gain: float | None = None  # at which they were written, unless a kill hid it
    problems: tuple[str, ...] = ()  # what is missing or damaged of the song
    error: str = ""
    n_attempts: int = 0  # in this run


AddRow = Callable[[Row], None]


def check_summary(path: Path) -> None:
    """Raise `RequintoError` unless a summary can be written, or replaced, at `path`."""
    if check_ending(path, ENDINGS) == ".parquet" and not is_installed("pyarrow"):
        raise BatchError(
            f"{path}: not installed: pyarrow; pip install 'requinto[batch]' brings it, "
            "and .csv needs nothing"
        )
    if path.exists() and not _is_summary(path):
        raise BatchError(
            f"{path} exists and is no summary of a batch; name another by --summary"
        )
    check_output(path, overwrite=True)


def _is_summary(path: Path) -> bool:
    if path.suffix.lower() == ".csv":
        with contextlib.suppress(OSError, UnicodeError), open(path, "rb") as file:
            return file.readline().decode().strip() == ",".join(Row._fields)
        return False
    from pyarrow import ArrowException, parquet

    try:
        return list(parquet.read_schema(path).names) == list(Row._fields)
    except (OSError, ArrowException):
        return False


@contextlib.contextmanager
def open_summary(path: Path) -> Iterator[AddRow]:
    """Give a function that adds a row; the file appears, whole, at the end."""
    write = _csv if path.suffix.lower() == ".csv" else _parquet
    with whole_file(path, overwrite=True) as unfinished, write(unfinished) as add:
        yield add


@contextlib.contextmanager
def _csv(path: str) -> Iterator[AddRow]:
    with open(path, "w", newline="", errors="surrogateescape", encoding="utf-8") as f:
        table = csv.writer(f)
        table.writerow(Row._fields)

        def add(row: Row) -> None:
            table.writerow([_cell(value) for value in row])

        yield add


def _cell(value: Any) -> Any:
    return _SEPARATOR.join(value) if isinstance(value, tuple) else value


@contextlib.contextmanager
def _parquet(path: str) -> Iterator[AddRow]:
    import pyarrow
    from pyarrow import parquet

    text, number = pyarrow.string(), pyarrow.float64()
    texts = pyarrow.list_(text)
    types = (*(text, text, number, number, texts, number, texts), text, pyarrow.int32())
    schema = pyarrow.schema(list(zip(Row._fields, types, strict=True)))
    rows: list[dict[str, Any]] = []

    def write() -> None:
        file.write_table(pyarrow.Table.from_pylist(rows, schema))
        rows.clear()

    def add(row: Row) -> None:
        rows.append({n: _storable(v) for n, v in row._asdict().items()})
        if len(rows) == _N_ROWS:
            write()

    with parquet.ParquetWriter(path, schema) as file:
        yield add
        write()


def _storable(value: Any) -> Any:
    """Return a value that Parquet holds: names that are no text are escaped."""
    if isinstance(value, tuple):
        return [_storable(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
