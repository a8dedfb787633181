"""Real facades, where this machine has them beside the checkout; they are no part of the project."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FACADES, CMP_SAMPLE, PARITY = DATA / "facades", DATA / "cmp_base_sample", DATA / "parity"

needs_real_facades = pytest.mark.skipif(not (FACADES / "val").is_dir(), reason=f"no real facades at {FACADES}")
needs_parity = pytest.mark.skipif(not PARITY.is_dir(), reason=f"no golden arrays at {PARITY}")
needs_cmp_sample = pytest.mark.skipif(not CMP_SAMPLE.is_dir(), reason=f"no CMP sample at {CMP_SAMPLE}")
