"""Tests of the console and the phone page in a real Chromium, on a running system: `make browser`.

The first run installs the driver from browser.lock. These tests are not part of `make test`, which
tests the behaviour of each page without a browser.
"""
