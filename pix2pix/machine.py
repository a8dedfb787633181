"""What the machine grants this process."""

import functools
import os
import platform
from pathlib import Path


def available_cores() -> int:
    """Cores this process may use: its affinity, and in a container the share that its cgroup grants it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return cores


@functools.cache
def is_amd() -> bool:
    """Whether the CPU is one of AMD's, for which MKL, torch's library of matrix products, keeps its slower half."""
    try:
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return "AuthenticAMD" in platform.processor()
