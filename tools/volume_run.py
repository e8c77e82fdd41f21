#!/usr/bin/env python3
"""The run of tools/volume: volume_run.py ROOT PROGRAM SIZE [ARGUMENT OF baosim run]..."""

import json
import pathlib
import re
import sys
import tempfile

import host_memory

root, program, size = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
number, unit = re.fullmatch(r"(\d+)(\w+)", size).groups()
wanted = int(number) * UNITS[unit]

SAMPLES_PER_SECOND = 50
UDP_HEADERS = 14 + 20 + 8  # bytes of a frame that are not payload: Ethernet, IPv4, UDP

command = [program, "run", root / "scenarios/net-volume.yaml"]
for vm in ("linux0", "linux1"):
    command += ["--set", f"vms.{vm}.software.workloads.0.bytes={size}"]
command += sys.argv[4:]
with tempfile.TemporaryDirectory() as directory:
    results = pathlib.Path(directory) / "results.json"
    status, output, host, samples = host_memory.run([*command, "--json", results],
                                                    SAMPLES_PER_SECOND)
    document = json.loads(results.read_text()) if results.exists() else None
if status != 0 or document is None:
    print(output, file=sys.stderr)
    sys.exit(f"volume: exit status {status}")
m = document["metrics"]


def fail_unless(holds, what):
    if not holds:
        print(output, file=sys.stderr)
        sys.exit(f"volume: {what}")


# The scenario itself expects that each frame arrives once, in order and intact; the program, that
# every hop's account balances. Here: the bytes.
ways = []
for name, sender, frames, received in (
        ("linux0 to the wire", "vms.linux0.workloads.0.", m["hosts.peer.flows.0.distinct"],
         m["hosts.peer.flows.0.bytes"] - UDP_HEADERS * m["hosts.peer.flows.0.frames"]),
        ("linux1 to bare0", "vms.linux1.workloads.0.", m["vms.bare0.workloads.0.received"],
         m["vms.bare0.workloads.0.rx_bytes"])):
    sent = m[sender + "tx_bytes"]
    fail_unless(sent >= wanted, f"{name}: {sent} bytes were sent, {wanted} are wanted")
    fail_unless(received == sent, f"{name}: {sent} bytes were sent, {received} arrived")
    ways.append((name, sent, m[sender + "sent"], received, frames))
fail_unless(all(hop["balanced"] for hop in document["frames"]), "frames are not accounted for")

print(f"{'way':<20} {'bytes sent':>15} {'frames':>10} {'bytes received':>15} {'frames':>10}")
for name, sent, frames_sent, received, frames in ways:
    print(f"{name:<20} {sent:>15} {frames_sent:>10} {received:>15} {frames:>10}")
print(f"{'hop':<32} {'sent':>10} {'copied':>8} {'received':>10} {'dropped':>8} {'in flight':>10}")
for hop in document["frames"]:
    print(f"{hop['hop']:<32} {hop['sent']:>10} {hop['copied']:>8} {hop['received']:>10} "
          f"{sum(hop['dropped'].values()):>8} {hop['in_flight']:>10}")
simulated = document["simulated_ns"] / 1e9
frames = sum(way[4] for way in ways)
print(f"{simulated:.3f} s simulated in {host:.1f} s, {frames / host:.0f} frames a second of the host")


def at(share):
    """Memory after this share of the run: the flow is steady, so of the bytes too."""
    index = min(int(share * len(samples)), len(samples) - 1)
    return f"{samples[index] / 1024:.1f} MiB"


marks = [f"{at(0.05)} after a twentieth"]
if wanted > UNITS["GiB"]:
    marks.append(f"{at(UNITS['GiB'] / wanted)} after 1 GiB each way")
marks += [f"{at(0.5)} after half", f"{at(0.98)} before the end"]
growth = host_memory.growth_of(samples)
print(f"host memory ({len(samples)} samples): {', '.join(marks)}; growth from the second to the last "
      f"quarter {'not seen: the run was too short to tell' if growth is None else f'{growth} KiB'}")
if growth is not None and growth > host_memory.ALLOWED_GROWTH_KIB:
    sys.exit(f"volume: memory grew by {growth} KiB from the second to the last quarter of the run; "
             f"at most {host_memory.ALLOWED_GROWTH_KIB} KiB is expected")
print(f"every byte accounted for: {sum(way[3] for way in ways)} bytes in {frames} frames")
