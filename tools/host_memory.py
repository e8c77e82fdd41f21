"""Runs the program and watches the host memory that it takes: for tools/soak and tools/volume."""

import statistics
import subprocess
import sys
import tempfile
import time

# Between the second and the last quarter of a run: what the allocator and tables of statistics
# still need; a record, a request or a frame kept by mistake would be a multiple of it.
ALLOWED_GROWTH_KIB = 1024


def resident_kib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def run(command, samples_per_second=10):
    """Returns exit status, output, host seconds, and the samples of memory in KiB."""
    begin = time.monotonic()
    samples = []
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            while process.poll() is None:
                kib = resident_kib(process.pid)
                if kib is not None:
                    samples.append(kib)
                time.sleep(1 / samples_per_second)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            sys.exit(130)
        output.seek(0)
        return process.returncode, output.read(), time.monotonic() - begin, samples


def growth_of(samples):
    """KiB from the second to the last quarter; None of a run that was too short to tell."""
    # Medians: the report at the end takes memory for a moment.
    quarter = len(samples) // 4
    if quarter < 5:
        return None
    return round(statistics.median(samples[-quarter:]) -
                 statistics.median(samples[quarter:2 * quarter]))
