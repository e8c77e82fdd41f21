#!/usr/bin/env python3
"""Runs every command that the documentation shows, and compares the output that it shows.

    run_commands.py PROGRAM [ROOT]

In README.md and docs/*.md, within code blocks marked ```sh, a line that begins with
"./tools/baosim " or "$ ./tools/baosim " is a command. It is run from ROOT with PROGRAM in the place
of ./tools/baosim, and must end with status 0, or with N where the line ends with "# exits N". Files
under /tmp/ are put into a directory of the test's own.

A code block marked ```yaml that begins with "# scenarios/NAME.yaml" is a scenario that the reader
writes: commands of the same document find it beside a copy of the project's scenarios.

What follows a command with "$ " in its block, up to the next such command, is its output: the same
lines in the same order from the first to the last, where a line of "..." stands for any number of
lines left out.
"""

import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

COMMAND = "./tools/baosim"
TIMEOUT_S = 120


class Command:
    def __init__(self, place, line, shows_output, written):
        self.place = place
        self.line = line
        self.shows_output = shows_output
        self.written = written  # scenarios of the reader's, by name
        self.shown = []
        match = re.search(r"#\s*exits (\d+)\s*$", line)
        self.status = int(match.group(1)) if match else 0
        self.words = shlex.split(line, comments=True)[1:]


def commands_of(path, root):
    """The commands of one document, each with the output that is shown for it."""
    found = []
    written = {name for name, _ in scenarios_of(path)}
    fence = None
    current = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            fence = line[3:].strip() if fence is None else None
            current = None
            continue
        if fence != "sh":
            continue
        shown = line.startswith("$ ")
        text = line[2:] if shown else line
        if text.startswith(COMMAND + " "):
            place = f"{path.relative_to(root)}:{number}"
            current = Command(place, text, shown, written)
            found.append(current)
        elif shown:
            current = None
        elif current is not None and current.shows_output:
            current.shown.append(line.rstrip())
    return found


def scenarios_of(path):
    """The scenarios that a document lets its reader write: name and text."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n# (scenarios/[\w-]+\.yaml)\n(.*?)^```", text,
                      re.MULTILINE | re.DOTALL)


def difference(shown, real):
    """What is wrong with the shown lines, or None."""
    at = 0
    gap = False
    for line in shown:
        if line.strip() == "...":
            gap = True
            continue
        if gap:
            try:
                at = real.index(line, at)
            except ValueError:
                return f"no such line in the output, or not in this order: {line!r}"
        elif at >= len(real):
            return f"the output ends before: {line!r}"
        elif real[at] != line:
            return f"shown: {line!r}\n    but it is: {real[at]!r}"
        at += 1
        gap = False
    if not gap and at != len(real):
        return f"the output goes on: {real[at]!r}"
    return None


def problem_of(command, program, root, scratch):
    words = [re.sub(r"^/tmp/", f"{scratch}/", w) for w in command.words]
    words = [f"{scratch}/{w}" if w in command.written else w for w in words]
    if any(w in ("|", ">", "<", "&&", ";") for w in words):
        return "this is for a shell; a documented command is the program and its arguments"
    try:
        run = subprocess.run([program, *words], cwd=root, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S,
                             check=False)
    except subprocess.TimeoutExpired:
        return f"it has not ended after {TIMEOUT_S} s"
    output = run.stdout.decode("utf-8", "replace")
    if run.returncode != command.status:
        return f"exit status {run.returncode}, {command.status} is documented; output:\n{output}"
    if command.shown:
        return difference(command.shown, [line.rstrip() for line in output.splitlines()])
    return None


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    root = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else __file__).resolve()
    if len(sys.argv) == 2:
        root = root.parent.parent.parent
    documents = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    commands = [c for d in documents for c in commands_of(d, root)]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(root / "scenarios", pathlib.Path(scratch) / "scenarios")
        for document in documents:
            for name, text in scenarios_of(document):
                (pathlib.Path(scratch) / name).write_text(text, encoding="utf-8")
        for command in commands:
            problem = problem_of(command, program, root, scratch)
            print(f"{'FAIL' if problem else 'ok  '} {command.place}: {command.line}")
            if problem:
                failed += 1
                print(f"    {problem}")
    readme = [c for c in commands if c.place.startswith("README.md:")]
    if not any(c.shown for c in readme):
        failed += 1
        print("FAIL README.md: no command is shown with its output")
    print(f"{len(commands)} commands, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
