#!/usr/bin/env python3
"""The runs of tools/soak: soak_runs.py ROOT PROGRAM SECONDS SEED"""

import json
import pathlib
import sys
import tempfile
import time

import host_memory

root, program = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
seconds, seed = int(sys.argv[3]), int(sys.argv[4])

# Of each scenario: the front-ends, the port of each console, and the far ends of their lines.
SCENARIOS = {
    "soak": [("linux0", 0, "uarts.uart1"), ("linux1", 0, "uarts.uart2"),
             ("bare0", 0, "uarts.uart3"), ("bare1", 0, "uarts.uart4")],
    "soak-shared-line": [("linux0", 1, "uarts.uart1.channels.data0"),
                         ("linux1", 1, "uarts.uart1.channels.data1"),
                         ("bare1", 0, "uarts.uart1.channels.data2"),
                         ("bare0", 0, "uarts.uart1.channels.data3")],
}

FIRST_ROUND_SIMULATED = 5  # seconds: to learn the speed
LONGEST_ROUND = 120        # seconds of host time
LONGEST_SIMULATED = 9000   # seconds: a scenario's times end at 10000


def run(scenario, simulated, seed, results):
    """Returns exit status, output, host seconds, and the samples of memory in KiB."""
    ms = simulated * 1000
    settings = {"duration": f"{ms}ms"}
    for i, (vm, _, far_end) in enumerate(SCENARIOS[scenario]):
        settings[f"vms.{vm}.software.workloads.0.until"] = f"{ms - 300}ms"
        settings[f"vms.{vm}.software.workloads.0.seed"] = 1000 * seed + i
        settings[f"platform.{far_end}.records.until"] = f"{ms - 200}ms"
        settings[f"platform.{far_end}.records.seed"] = 1000 * seed + 500 + i
    command = [program, "run", "-q", root / f"scenarios/{scenario}.yaml", "--json", results]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return host_memory.run(command)


total = {}
began = time.monotonic()
simulated = dict.fromkeys(SCENARIOS, FIRST_ROUND_SIMULATED)
rounds = 0
measured = 0  # rounds long enough to tell whether memory grows
print(f"{'scenario':<17} {'seed':>6} {'simulated':>10} {'host':>8} {'to far end':>12} {'lost':>9} {'to VMs':>11} "
      f"{'discarded':>10} {'resets':>7} {'memory':>9} {'growth':>9}")
while rounds < len(SCENARIOS) or time.monotonic() - began < seconds:
    scenario = list(SCENARIOS)[rounds % len(SCENARIOS)]
    length = simulated[scenario]
    with tempfile.TemporaryDirectory() as directory:
        results = pathlib.Path(directory) / "results.json"
        status, output, host, samples = run(scenario, length, seed, results)
        metrics = json.loads(results.read_text())["metrics"] if results.exists() else {}
    if status != 0:
        print(output, file=sys.stderr)
        sys.exit(f"soak: {scenario}, seed {seed}, {length} s: exit status {status}")
    row = {"written": 0, "lost": 0, "delivered": 0, "discarded": 0, "resets": 0}
    for i, (vm, number, far_end) in enumerate(SCENARIOS[scenario]):
        port = f"vms.{vm}.devices.con{i}.ports.{number}."
        row["written"] += metrics[port + "written"]
        row["delivered"] += metrics[port + "delivered"]
        row["discarded"] += metrics[port + "discarded"]
        row["lost"] += metrics[f"{far_end}.records.lost_bytes"]
        row["resets"] += metrics[f"vms.{vm}.workloads.0.resets"]
    growth = host_memory.growth_of(samples)
    print(f"{scenario:<17} {seed:>6} {length:>8} s {host:>6.1f} s {row['written']:>12} {row['lost']:>9} "
          f"{row['delivered']:>11} {row['discarded']:>10} {row['resets']:>7} "
          f"{max(samples, default=0) / 1024:>5.1f} MiB "
          f"{'too short' if growth is None else f'{growth} KiB':>9}", flush=True)
    measured += growth is not None
    if growth is not None and growth > host_memory.ALLOWED_GROWTH_KIB:
        sys.exit(f"soak: {scenario}, seed {seed}: memory grew by {growth} KiB from the second to the last "
                 f"quarter of the run; at most {host_memory.ALLOWED_GROWTH_KIB} KiB is expected")
    for key, value in row.items():
        total[key] = total.get(key, 0) + value
    rounds += 1
    left = seconds - (time.monotonic() - began)
    wanted = min(LONGEST_ROUND, max(left, 1)) * length / max(host, 0.05)
    simulated[scenario] = int(min(max(wanted, FIRST_ROUND_SIMULATED), LONGEST_SIMULATED))
    seed += 1
print(f"every byte accounted for: {rounds} runs, {time.monotonic() - began:.0f} s, "
      f"{total['resets']} resets. Towards the far ends: {total['written']} bytes arrived, and "
      f"{total['lost']} that were sent were taken away by resets. Towards the VMs: "
      f"{total['delivered']} delivered, {total['discarded']} of them discarded.")
if measured == 0:
    print("whether memory grows was not seen: each run was too short to tell; ask for 10 seconds or "
          "more")
else:
    print(f"memory does not grow: seen in {measured} of {rounds} runs")
