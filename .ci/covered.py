"""Share of each part's statements that the quick tests run: `make coverage` measures it, `make check` holds it.

python .ci/covered.py REPORT     writes tests/coverage.csv and the table of tests/README.md from coverage's JSON report
python .ci/covered.py            exits with 1 if a part may have fallen below its least share

Measuring takes minutes, so the second only counts statements: those that were added since count as not run. `least` is
set by hand in tests/coverage.csv.
"""

import csv
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from coverage import Coverage
from coverage.parser import PythonParser

ROOT = Path(__file__).parents[1]
ROOM = 3  # points of a new part's share that may be lost
TABLE = re.compile(r"(?<=<!-- coverage -->\n).*?(?=<!-- end of coverage -->)", re.DOTALL)

Row = Mapping[str, int]  # statements, covered, least (percent)


def measured(report: Path, before: Mapping[str, Row]) -> dict[str, Row]:
    """Return the rows of coverage's report by part; `least` of a known part is kept."""
    sums: dict[str, list[int]] = {}
    for path, entry in json.loads(report.read_text("utf-8"))["files"].items():
        part = sums.setdefault(Path(path).parts[0], [0, 0])
        part[0] += entry["summary"]["num_statements"]
        part[1] += entry["summary"]["covered_lines"]
    return {
        part: {
            "statements": statements,
            "covered": covered,
            "least": before[part]["least"] if part in before else 100 * covered // max(statements, 1) - ROOM,
        }
        for part, (statements, covered) in sorted(sums.items())
    }


def statements(part: str) -> int:
    """Return the number of statements of a part, as coverage counts them."""
    settings = Coverage(data_file=None, config_file=str(ROOT / "pyproject.toml"))
    exclude, omit = "|".join(settings.get_exclude_list()), settings.get_option("run:omit") or []
    count = 0
    for path in sorted((ROOT / part).rglob("*.py")):
        if not any(path.relative_to(ROOT).match(pattern) for pattern in omit):  # type: ignore[union-attr]
            parser = PythonParser(text=path.read_text("utf-8"), filename=str(path), exclude=exclude)
            parser.parse_source()
            count += len(parser.statements)
    return count


def faults(rows: Mapping[str, Row], now: Mapping[str, int]) -> list[str]:
    """List the parts whose share may be below the least one, with the statements that they have now."""
    lines = []
    for part, row in rows.items():
        share = 100 * row["covered"] / max(row["statements"], now[part], 1)
        if share < row["least"]:
            added = now[part] - row["statements"]
            lines.append(
                f"{part}: the quick tests run {share:.1f} % or more, and {row['least']} % are to be run ({added} "
                "statements were added): add tests and run `make coverage`"
            )
    return lines


def table(rows: Mapping[str, Row]) -> str:
    """Return the rows and their sum as a table in Markdown."""
    whole = {name: sum(row[name] for row in rows.values()) for name in ("statements", "covered")}
    lines = ["| part | statements | run by the quick tests |", "|---|---|---|"]
    for part, row in [*rows.items(), ("all", whole)]:
        lines.append(f"| {part} | {row['statements']:,} | {100 * row['covered'] / max(row['statements'], 1):.1f} % |")
    return "\n".join([*lines, ""])


def read(path: Path) -> dict[str, Row]:
    """Read tests/coverage.csv; without it, no part has been measured."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row.pop("part"): {name: int(value) for name, value in row.items()} for row in csv.DictReader(file)}


def main() -> None:
    """Write the rows, or check them."""
    file, page = ROOT / "tests" / "coverage.csv", ROOT / "tests" / "README.md"
    rows = read(file)
    if sys.argv[1:]:
        rows = measured(Path(sys.argv[1]), rows)
        lines = [f"{part},{row['statements']},{row['covered']},{row['least']}" for part, row in rows.items()]
        file.write_text("\n".join(["part,statements,covered,least", *lines, ""]), "utf-8")
        page.write_text(TABLE.sub(table(rows), page.read_text("utf-8")), "utf-8")
    if lines := faults(rows, {part: statements(part) for part in rows}):
        sys.exit("\n".join(lines))


if __name__ == "__main__":
    main()
