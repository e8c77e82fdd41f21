#!/usr/bin/env python3
"""Makes the tables of measurements in docs/net.md from runs, or compares them with the ones there.

    net_figures.py PROGRAM [ROOT]            compare; fails when they differ
    net_figures.py --update PROGRAM [ROOT]   write

A table stands between "<!-- figures: NAME -->" and "<!-- end of figures -->". All is simulated, so
that a run gives the same figures everywhere.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

RING = "vms.backend.software.backends.net0."
WORK = "vms.linux0.software.workloads.0."
NO_EVENT_INDEX = RING + "event_idx=false"
POLLING = "vms.backend.software.poll_rings=true"
BATCH = WORK + "batch=32"
ALONE = [WORK + "batch=1", "vms.linux1.software.workloads.0.batch=1"]

THROUGHPUT = (
    ("one frame at a time, event index", []),
    ("... without event index", [NO_EVENT_INDEX]),
    ("... rings polled", [POLLING]),
    ("32 at a time, event index", [BATCH]),
    ("... without event index", [BATCH, NO_EVENT_INDEX]),
    ("... rings polled", [BATCH, POLLING]),
)
ACCESSES = (
    ("`net-throughput`: each frame alone", "net-throughput", "linux0.net0", []),
    ("two frames at a time", "net-throughput", "linux0.net0", [WORK + "batch=2"]),
    ("32 frames at a time", "net-throughput", "linux0.net0", [BATCH]),
    ("each alone, rings polled", "net-throughput", "linux0.net0", [POLLING]),
    ("`net-volume`, each alone: to the wire ...", "net-volume", "linux0.net0", ALONE),
    ("... and another front-end to a third", "net-volume", "linux1.net1", ALONE),
)
CHANGES = (
    ("`net-throughput`, `batch=32`", []),
    ("`event_idx=false`", [NO_EVENT_INDEX]),
    ("`queue_size=32`", [RING + "queue_size=32"]),
    ("`frame=64B`", [WORK + "mix.0.frame=64B"]),
    ("`mtu=9000`", [RING + "mtu=9000"]),
)
SENDERS = (
    ("four", []),
    ("three", ["vms.linux3.software.workloads=[]"]),
    ("two", ["vms.linux3.software.workloads=[]", "vms.linux2.software.workloads=[]"]),
)
PING = (
    ("`net-ping`", []),
    ("service guest polls", ["vms.backend.software.polling=true"]),
    ("rings polled", [POLLING]),
    ("bare-metal driver", ["vms.linux0.software.profile=bare-metal"]),
    ("1400 bytes", [WORK + "bytes=1400B"]),
    ("wire of 100 Mb/s", ["links.wire.rate=100Mbps"]),
)


class Figures:
    def __init__(self, program, root):
        self.program = program
        self.root = root

    def run(self, scenario, settings):
        with tempfile.TemporaryDirectory() as directory:
            results = pathlib.Path(directory) / "results.json"
            command = [self.program, "run", "-q", f"scenarios/{scenario}.yaml", "--json", results]
            for s in settings:
                command += ["--set", s]
            run = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
            if run.returncode != 0:
                sys.exit(f"{scenario} {settings}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
            return json.loads(results.read_text())

    def ping(self):
        yield "| | round trip of a ping | accesses a frame |"
        yield "|---|---|---|"
        for name, settings in PING:
            r = self.run("net-ping", ["captures=[]", *settings])
            ticks = r["metrics"]["vms.linux0.workloads.0.round_trip_p50_ticks"]
            t = next(t for t in r["traffic"] if t["device"] == "linux0.net0")
            frames = t["frames_out"] + t["frames_in"]
            yield f"| {name} | {ticks / 100:.1f} us | {t['accesses'] / frames:.2f} |"

    def changes(self):
        yield "| | frames/s | Mbit/s | queue stopped | interrupts | accesses a frame | most occupied | longest leg of the busiest CPU |"
        yield "|---|---|---|---|---|---|---|---|"
        for name, settings in CHANGES:
            r = self.run("net-throughput", [BATCH, *settings])
            wire = next(l for l in r["links"] if l["name"].startswith("wire: gem3"))
            t = next(t for t in r["traffic"] if t["device"] == "linux0.net0")
            limit = r["limit"]
            yield (f"| {name} | {wire['frames_per_second']} | {wire['bits_per_second'] / 1e6:.1f} "
                   f"| {r['metrics']['vms.linux0.net.net0.tx_stops']} | {t['interrupts']} "
                   f"| {t['accesses'] / t['frames_out']:.2f} "
                   f"| {limit['part']} {percent(limit['part_ns'], r['simulated_ns'])} "
                   f"| {limit['leg']['name']} |")

    def senders(self):
        yield "| senders | frames/s on the wire | frames sent by each | CPU 0 |"
        yield "|---|---|---|---|"
        for name, settings in SENDERS:
            r = self.run("net-senders", settings)
            wire = next(l for l in r["links"] if l["name"].startswith("wire: gem3"))
            sent = ", ".join(str(t["frames_out"]) for t in r["traffic"] if t["frames_out"] != 0)
            backend = r["cpus"][0]
            working = sum(backend[k] for k in ("el1_ns", "el2_ns", "el3_ns", "standby_ns"))
            yield f"| {name} | {wire['frames_per_second']} | {sent} | {percent(working, r['simulated_ns'])} |"

    def throughput(self):
        yield "| sending | frames/s | Mbit/s | most occupied | longest leg of CPU 1 | CPU 0 | CPU 1 | accesses a frame | interrupts a frame |"
        yield "|---|---|---|---|---|---|---|---|---|"
        for name, settings in THROUGHPUT:
            r = self.run("net-throughput", settings)
            wire = next(l for l in r["links"] if l["name"].startswith("wire: gem3"))
            device = next(t for t in r["traffic"] if t["device"] == "linux0.net0")
            limit = r["limit"]
            if limit["cpu"] != 1:
                sys.exit(f"{name}: the busiest CPU is {limit['cpu']}; the table speaks of CPU 1")
            time = r["simulated_ns"]
            working = [c["el1_ns"] + c["el2_ns"] + c["el3_ns"] + c["standby_ns"] for c in r["cpus"]]
            leg = limit["leg"]
            yield (f"| {name} | {wire['frames_per_second']} | {wire['bits_per_second'] / 1e6:.1f} "
                   f"| {limit['part']} {percent(limit['part_ns'], time)} "
                   f"| {leg['name']} {percent(leg['ns'], time)} "
                   f"| {load(r['cpus'][0], working[0], time)} | {load(r['cpus'][1], working[1], time)} "
                   f"| {device['accesses'] / device['frames_out']:.2f} "
                   f"| {device['interrupts'] / device['frames_out']:.2f} |")

    def accesses(self):
        yield "| sending | frames | kicks a frame | interrupts a frame | accesses a frame |"
        yield "|---|---|---|---|---|"
        for name, scenario, device, settings in ACCESSES:
            r = self.run(scenario, settings)
            t = next(t for t in r["traffic"] if t["device"] == device)
            n = t["frames_out"]
            yield (f"| {name} | {n} | {t['kicks'] / n:.2f} | {t['interrupts'] / n:.2f} "
                   f"| {t['accesses'] / n:.2f} |")


def percent(part, whole):
    return f"{100 * part / whole:.0f} %"


def load(cpu, working, time):
    text = percent(working, time)
    if cpu["polling_ns"] > time / 100:
        text += f", polling {percent(cpu['polling_ns'], time)}"
    return text


def main():
    arguments = sys.argv[1:]
    update = arguments[:1] == ["--update"]
    if update:
        arguments = arguments[1:]
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    root = pathlib.Path(arguments[1] if len(arguments) == 2 else
                        pathlib.Path(__file__).resolve().parent.parent.parent)
    figures = Figures(str(pathlib.Path(arguments[0]).resolve()), root)
    path = root / "docs/net.md"
    text = path.read_text(encoding="utf-8")

    def table(match):
        rows = "\n".join(getattr(figures, match.group(1))())
        return f"<!-- figures: {match.group(1)} -->\n{rows}\n<!-- end of figures -->"

    made, tables = re.subn(r"<!-- figures: (\w+) -->\n.*?<!-- end of figures -->", table, text,
                           flags=re.DOTALL)
    if tables == 0:
        sys.exit("docs/net.md has no table of figures")
    if made == text:
        return
    if update:
        path.write_text(made, encoding="utf-8")
        return
    for old, new in zip(text.splitlines(), made.splitlines()):
        if old != new:
            print(f"documented: {old}\nmeasured:   {new}")
    sys.exit("docs/net.md: figures differ; if that is right, build the target update-net-figures")


if __name__ == "__main__":
    main()
