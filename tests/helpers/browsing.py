"""Headless browser for the tests of pages: Debian's chromium, driven through chromedriver.

`make browser` installs both.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Start a browser that keeps all console messages of pages."""
    options = Options()
    options.binary_location = str(CHROMIUM)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # chromium refuses to run as root without it
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", *sandbox):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def open_page(driver: webdriver.Chrome, page: Path, width: int = 1280, scheme: str = "light") -> None:
    """Load a file at a width in CSS pixels (640 and less: a phone), without network, in a colour scheme."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width <= 640}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    set_scheme(driver, scheme)
    driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    driver.get(page.as_uri())
    complete = "return document.readyState === 'complete'"
    WebDriverWait(driver, 60).until(lambda opened: script(opened, complete))  # on a busy machine `get` may be early


def set_scheme(driver: webdriver.Chrome, scheme: str) -> None:
    """Set the preferred colour scheme, and switch off motion: a click would miss an element that still scrolls."""
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    media = {"features": [{"name": name, "value": value} for name, value in wishes.items()]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def script(driver: webdriver.Chrome, code: str, *arguments: Any) -> Any:
    """Run JavaScript; return its value."""
    return driver.execute_script(code, *arguments)
