#!/usr/bin/env python3
"""Makes docs/validation.md from what the tests say of themselves (tests/support/validation.h), or
compares it with the one in the repository.

    validation.py SOURCE_DIR TEST_PROGRAM[:FILTER]...            compare; fails when they differ
    validation.py --update SOURCE_DIR TEST_PROGRAM[:FILTER]...   write

FILTER chooses among the program's tests, as --gtest_filter does.

Every test runs in a process of its own: SystemC allows one simulation per process. Also fails when
a test fails, when a measured row of GICv2 is neither shown by a test nor among the inputs, when a
chapter of what is known has no test, or when no test makes a rule of docs/observations.md be
observed.
"""
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# What is known of the real thing, section by section: each has something that a test shows.
CHAPTERS = (
    "The idea",
    "Configuration",
    "One trapped access",
    "Hypercall ABI",
    "Sharp edges",
    "Virtual interrupt controller",
    "Platforms",
    "Existing back-ends",
    "What Bao's users ask for",
)

# Rows that the simulation takes as they are: code of the guests of the measurement, and of EL3.
INPUTS = (
    "guest ",
    "FE.3b EL3",
    "FE.4a EL3",
    "E2E rd BE guest EL1 total",
    "E2E wr BE guest EL1 total",
    "E2E rd EL3 exit",
    "E2E wr EL3 exit",
    "E2E rd critical path total (EL1+EL2+EL3)",
    "E2E wr critical path total (EL1+EL2+EL3)",
)


def tests_of(program, wanted):
    suite = None
    listing = subprocess.run([program, "--gtest_list_tests", f"--gtest_filter={wanted or '*'}"], capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines():
        if line.startswith("Running main"):
            continue
        name = line.split("#")[0].rstrip()
        if not line.startswith(" "):
            suite = name
        else:
            yield suite + name.strip()


def properties(program, test, directory):
    out = pathlib.Path(directory) / "result.json"
    run = subprocess.run([program, f"--gtest_filter={test}", f"--gtest_output=json:{out}"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{test} fails:\n{run.stdout}")
    case = json.loads(out.read_text())["testsuites"][0]["testsuite"][0]
    return {k: v for k, v in case.items() if k.startswith(("row_", "behaviour_", "observation_"))}


def collect(programs):
    rows, behaviours, observations = {}, {}, {}
    with tempfile.TemporaryDirectory() as directory:
        for program, _, wanted in (p.partition(":") for p in programs):
            for test in tests_of(program, wanted):
                for key, value in properties(program, test, directory).items():
                    if key.startswith("row_"):
                        gic, leg, simulated = value.split("|")
                        rows[gic, leg] = (int(simulated), test)
                    elif key.startswith("observation_"):
                        observations.setdefault(value, set()).add(test)
                    else:
                        chapter, statement = value.split("|", 1)
                        behaviours.setdefault(chapter, []).append((statement, test))
    return rows, behaviours, observations


def measured(source):
    path = source / "models/bao/data/bao-path-costs.csv"
    with open(path, encoding="utf-8") as f:
        lines = [line for line in f if not line.startswith("#")]
    return [row for row in csv.reader(lines) if row and row[0] == "GICv2"]


def catalogue(source):
    """The rules that can be observed: the headings of docs/observations.md."""
    text = (source / "docs/observations.md").read_text(encoding="utf-8")
    return re.findall(r"^## `([\w.-]+)`$", text, re.MULTILINE)


def document(source, rows, behaviours, observations):
    text = [
        "# Validation",
        "",
        "Generated from the tests by `tests/docs/validation.py`; `ctest -R docs.validation` compares.",
        "",
        "## Measured rows",
        "",
        "Instructions at EL2 of the real hypervisor on GICv2 (models/bao/data/bao-path-costs.csv: least,",
        "median and greatest of the samples), and of the simulated one on the same machine with the same",
        "guests. Each stretch is a leg as the simulation executed it, not a figure looked up: the rows",
        "are cut into charges that several legs share (docs/timing.md).",
        "",
        "| row | measured | simulated | error | test |",
        "|---|---|---|---|---|",
    ]
    missing = []
    inputs = []
    for _, leg, low, median, high, *_ in measured(source):
        if leg.startswith(INPUTS):
            inputs.append(leg)
            continue
        if ("GICv2", leg) not in rows:
            missing.append(leg)
            continue
        simulated, test = rows["GICv2", leg]
        # A row without a greatest sample is a sum of others' medians: one figure.
        spread = median if not high or low == high else f"{median} ({low} to {high})"
        error = simulated - int(median)
        text.append(f"| {leg} | {spread} | {simulated} | {error:+d} | `{test}` |" if error else f"| {leg} | {spread} | {simulated} | 0 | `{test}` |")
    text += [
        "",
        "Not results but inputs, or code of the guests of the measurement: " + "; ".join(inputs) + ".",
        "",
        "## Behaviour",
        "",
        "What is known of the behaviour of the hypervisor and of the interrupt controller, and the test that",
        "shows it.",
    ]
    missing += [f"chapter {chapter}" for chapter in CHAPTERS if chapter not in behaviours]
    for chapter in sorted(behaviours):
        text += ["", f"### {chapter}", "", "| behaviour | test |", "|---|---|"]
        text += [f"| {statement} | `{test}` |" for statement, test in sorted(behaviours[chapter])]
    text += [
        "",
        "## Observations",
        "",
        "Each rule of [observations.md](observations.md), and the tests that make it be observed.",
        "",
        "| rule | tests |",
        "|---|---|",
    ]
    for rule in catalogue(source):
        if rule in observations:
            tests = ", ".join(f"`{test}`" for test in sorted(observations[rule]))
            text.append(f"| `{rule}` | {tests} |")
        else:
            missing.append(f"observation {rule}")
    return "\n".join(text) + "\n", missing


def main(arguments):
    update = arguments[:1] == ["--update"]
    source, *programs = arguments[1:] if update else arguments
    source = pathlib.Path(source)
    text, missing = document(source, *collect(programs))
    path = source / "docs/validation.md"
    if missing:
        sys.exit("measured rows, chapters and observations that no test shows:\n  " + "\n  ".join(missing))
    if update:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        sys.exit(f"{path.name} is not what the tests say: run validation.py --update")


if __name__ == "__main__":
    main(sys.argv[1:])
