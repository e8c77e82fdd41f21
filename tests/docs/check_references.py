#!/usr/bin/env python3
"""Compares what the documentation says about the sources with the sources.

    check_references.py [ROOT]

In README.md and docs/*.md: relative links and paths in backticks lead somewhere; tests that are
named exist. In docs/timing.md: defaults and ranges are those of docs/scenario-reference.md, and the
critical path is the GICv2 rows of the table that the program carries.
"""

import csv
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                    pathlib.Path(__file__).resolve().parent.parent.parent)
PATH = re.compile(r"`((?:vms|models|sim|tests|scenarios|docs|tools)/[\w./-]*)`")
TEST = re.compile(r"`([A-Z][A-Za-z0-9]+)\.([A-Z][A-Za-z0-9]+)`")
LINK = re.compile(r"\]\(([^)#]+)?(#[^)]+)?\)")
PLAUSIBLE = r"plausible \d+(?:\.\d+)? to \d+(?:\.\d+)?"
GENERATED = {"docs/scenario-reference.md"}  # from sim/scenario/schema, with a test of its own
WRITTEN_BY_READERS = {"scenarios/mine.yaml"}

failures = []


def expect(condition, message):
    if not condition:
        failures.append(message)


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        found.add("#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def check_document(path, tests):
    name = path.relative_to(ROOT)
    text = path.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        if target.startswith(("http:", "https:")):
            continue
        linked = path.parent / target if target else path
        expect(linked.exists(), f"{name}: link to {target}: no such file")
        if anchor and linked.exists():
            expect(anchor in anchors(linked.read_text(encoding="utf-8")),
                   f"{name}: link to {target}{anchor}: no such heading")
    for mentioned in PATH.findall(text):
        if mentioned not in WRITTEN_BY_READERS:
            expect((ROOT / mentioned).exists(), f"{name}: {mentioned} does not exist")
    for suite, test in TEST.findall(text):
        if suite in ("Cpu", "Core"):
            continue
        expect((suite, test) in tests, f"{name}: there is no test {suite}.{test}")


def all_tests():
    found = set()
    for source in (ROOT / "tests").rglob("*.cpp"):
        found.update(re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)",
                                source.read_text(encoding="utf-8"), re.MULTILINE))
    return found


def table_rows(text):
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def check_parameters():
    reference = (ROOT / "docs/scenario-reference.md").read_text(encoding="utf-8")
    section = reference.split("\n## timing\n")[1].split("\n## ")[0]
    wanted = {}
    for key, kind, default, limits, meaning in (r for r in table_rows(section) if len(r) == 5):
        if "*estimate*" in meaning:
            plausible = re.search(PLAUSIBLE, meaning)
            wanted["timing." + key.strip("`")] = (default, limits, plausible.group(0))
    expect(len(wanted) >= 9, "docs/scenario-reference.md: the estimates of timing are not found")
    timing = (ROOT / "docs/timing.md").read_text(encoding="utf-8")
    found = {}
    for row in table_rows(timing):
        key = row[0].strip("`")
        if len(row) == 5 and key in wanted:
            plausible = re.search(PLAUSIBLE, row[4])
            found[key] = (row[1], row[2], plausible.group(0) if plausible else "")
    for key, value in wanted.items():
        expect(found.get(key) == value,
               f"docs/timing.md: {key}: {found.get(key)}, the reference has {value}")


def check_critical_path():
    with open(ROOT / "models/bao/data/bao-path-costs.csv", encoding="utf-8") as f:
        lines = [line for line in f if not line.startswith("#")]
    table = {row["leg"]: row for row in csv.DictReader(lines) if row["gic"] == "GICv2"}
    timing = (ROOT / "docs/timing.md").read_text(encoding="utf-8")
    legs = instructions = accesses = 0
    for row in table_rows(timing.split("### The critical path")[1].split("\n### ")[0]):
        match = re.match(r"`([^`]+)`", row[0])
        if len(row) != 4:
            continue
        if match:
            legs += 1
            instructions += int(row[1])
            accesses += int(row[2])
            named = [r for leg, r in table.items()
                     if leg == match.group(1) or leg.startswith(match.group(1) + " ")]
            whole = [r for r in named if r["leg"] == match.group(1)]
            leg = (whole or named or [None])[0]
            expect(leg is not None and (row[1], row[2]) == (leg["instructions_median"], leg["mmio"]),
                   f"docs/timing.md: {match.group(1)}: {row[1]}, {row[2]} is not its row")
        elif row[0] == "**sum**":
            expect((row[1], row[2]) == (f"**{instructions}**", f"**{accesses}**"),
                   f"docs/timing.md: the sum is {instructions}, {accesses}")
            sums = table["E2E rd critical path EL2 only"]["instructions_median"]
            expect(str(instructions) == sums, f"docs/timing.md: {instructions}, measured {sums}")
    expect(legs == 7, f"docs/timing.md: {legs} legs of the critical path found, 7 wanted")


def main():
    tests = all_tests()
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for document in documents:
        if str(document.relative_to(ROOT)) not in GENERATED:
            check_document(document, tests)
    check_parameters()
    check_critical_path()
    for failure in failures:
        print(f"FAIL {failure}")
    print(f"{len(documents)} documents, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
