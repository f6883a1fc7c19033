"""The console and the phone page in a real Chromium, on a whole running set-up: `make browser`.

Its driver is installed from browser.lock when this is first run, never for anything else. Not part
of `make test`: what a page does is tested there, without a browser.
"""
