"""Reader of CSV files as spreadsheets of any system save them: encoding, separator, rows."""

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.placeholders import placeholder_in
from iebench.manifests.text.encoding import encoding_of, unicode_text

from ..errors import SourceError

SEPARATORS = (",", ";", "\t", "|")
LEGACY = ("cp1252", "cp932", "gb18030", "big5", "cp949", "cp1251", "cp1250", "latin-1")
"""Encodings older than Unicode; the right encoding is that in which the paths of the table exist."""
REMEDY = 'save it as UTF-8 (in Excel "CSV UTF-8")'


class _Strict(csv.excel):
    """Dialect of spreadsheets; blanks after separators are skipped, and a misplaced quote is an error."""

    skipinitialspace = True
    strict = True


@dataclass(frozen=True)
class TextTable:
    """The rows of a text file.

    header : names of the columns; rows : line number in the file, and as many fields as the header has
    encoding, separator : encoding and separator of the file
    """

    header: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str
    separator: str


def read_text_table(path: Path, known: Sequence[str], exists: Callable[[str], bool]) -> TextTable:
    """Read a CSV file; the separator is that with which the header contains most of the known columns.

    known : names of the used columns; the first contains paths. If the file is not Unicode, its encoding is that in
        which the paths exist
    exists : returns True if a path exists

    Raises
    ------
    SourceError : the file cannot be read, decoded or parsed; the message names the line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(read_failure(path, error, "give another table")) from error
    if words := placeholder_in(raw):
        raise SourceError(f"{path} {words}")
    try:
        return _parsed(path, unicode_text(raw), encoding_of(raw[:64]), known)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    for encoding in LEGACY:
        with suppress(UnicodeDecodeError, SourceError):  # in a wrong encoding, bytes of letters may look like quotes
            table = _parsed(path, raw.decode(encoding), encoding, known)
            if _proven(table, known, exists):
                return table
    raise SourceError(f"{path} is not text in UTF-8 (line {line}), and its paths exist in no other encoding: {REMEDY}")


def _proven(table: TextTable, known: Sequence[str], exists: Callable[[str], bool]) -> bool:
    """True if existing files confirm the decoding of a table, or if no used column depends on the encoding."""
    columns = {name: table.header.index(name) for name in known if name in table.header}
    odd = [row for _, row in table.rows if not all(row[column].isascii() for column in columns.values())]
    paths = [row[columns[known[0]]] for row in odd] if known[0] in columns else []
    paths = [path for path in paths if not path.isascii()]
    return not odd or (bool(paths) and all(map(exists, paths)))


def _parsed(path: Path, text: str, encoding: str, known: Sequence[str]) -> TextTable:
    if "\0" in text:
        raise SourceError(f"{path} is not text: give a CSV file, or a Parquet file whose name ends in .parquet")
    lines = io.StringIO(text, newline="")
    start = lines.readline()
    directive = start.strip().strip('"')
    if directive[:4].lower() == "sep=" and len(directive) == 5:  # Excel's own line that states the separator
        return _table(path, lines, 1, encoding, directive[4])
    lines.seek(0)
    while (start := lines.readline()) and not start.strip():
        pass
    lines.seek(0)
    headers = {separator: _header(start, separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda s: (len({*known} & {*headers[s]}), len(headers[s])))
    return _table(path, lines, 0, encoding, best)


def _header(line: str, separator: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([line], _Strict, delimiter=separator), [])]
    except csv.Error:  # with this separator, a quote is misplaced
        return []


def _table(path: Path, lines: io.StringIO, before: int, encoding: str, separator: str) -> TextTable:
    """Parse the remaining lines of a file, of which `before` lines have been read."""
    reader = csv.reader(lines, _Strict, delimiter=separator)
    header, rows = list[str](), list[tuple[int, list[str]]]()
    try:
        for fields in reader:
            number = before + reader.line_num
            if not any(field.strip() for field in fields):
                continue
            if not header:
                header = [name.strip() for name in fields]
                continue
            if any(field.strip() for field in fields[len(header) :]):
                raise SourceError(
                    f"{path}: line {number} has {len(fields)} fields and the header {len(header)}: put double quotes "
                    f"around a field that contains {separator!r}"
                )
            rows.append((number, [*fields, *[""] * len(header)][: len(header)]))
    except csv.Error:
        raise SourceError(
            f"{path}: line {before + reader.line_num} cannot be parsed: a double quote in it has no partner, or is "
            'inside a field; inside a field, write it twice, as in "a ""b"" c.obj"'
        ) from None
    return TextTable(header, rows, encoding, separator)
