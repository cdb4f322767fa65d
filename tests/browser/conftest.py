"""A real Chromium without a network, and a server of the laboratory with few firms."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).parents[2]
FIRMS = 120
SET_UP_ONCE = ROOT / "tests" / "support" / "set_up_once.py"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    # Whatever is not this machine does not exist.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

WATCHED = """
import socket, sys
connect = socket.socket.connect
def watched(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
        print("CONNECTS", address, flush=True)
    return connect(self, address)
socket.socket.connect = watched
lookup = socket.getaddrinfo
def looked_up(host, *rest, **more):
    if host not in (None, "127.0.0.1", "::1", "localhost", ""):
        print("LOOKS UP", host, flush=True)
    return lookup(host, *rest, **more)
socket.getaddrinfo = looked_up
import functools, pathlib, runpy, time
import uvicorn
_, firms, token, port, PING, BREAKS, HOLDS, ONCE, LEFT, SEEDS = sys.argv
import abm.model, abm.trade_phases
from abm.errors import NearshoreError
import viz.lab.luck
viz.lab.luck.SEEDS_BESIDE = (int(SEEDS), *viz.lab.luck.SEEDS_BESIDE[1:])
from viz.page.server import SETTINGS, serve
solved = abm.trade_phases.solve_costs
def solve_costs(*arguments):
    model = sys._getframe(1).f_locals["self"]
    if BREAKS in model.scenario.name and model.quarter > 0:
        raise NearshoreError("unit cost of firm 7 is nan")
    while HOLDS in model.scenario.name and model.quarter > 0 and not pathlib.Path("go").exists():
        time.sleep(0.05)
    return solved(*arguments)
SETTINGS["SOLARA_KERNEL_CULL_TIMEOUT"] = LEFT or SETTINGS["SOLARA_KERNEL_CULL_TIMEOUT"]
abm.model.kept_economy = runpy.run_path(ONCE)["set_up_once"]
abm.trade_phases.solve_costs = solve_costs
from viz.lab.laboratory import Laboratory
stepped = Laboratory.step
def step(self):
    began = time.perf_counter()
    stepped(self)
    with open("steps", "a") as steps:
        print(time.perf_counter() - began, file=steps)
Laboratory.step = step
uvicorn.Config = functools.partial(
    uvicorn.Config, ws_ping_interval=float(PING), ws_ping_timeout=float(PING)
)
def tell(line):
    from solara.server.starlette import app
    routes = [getattr(route, "path", "") for route in app.routes if hasattr(route, "methods")
              or not hasattr(route, "endpoint")]
    pathlib.Path("routes").write_text(chr(10).join(routes))
    print(line, flush=True)
serve("usmca", firms=int(firms), port=int(port), token=token or None, tell=tell)
"""
"""The server, with every connection that leaves this machine and its routes (but those of
websockets) and the seconds of every step written down, a scenario whose steps fail, and one
whose steps last until there is a file called ``go``. Like firms are set up once."""

BREAKS, HOLDS = "breaks-down", "holds-still"
"""In the names of those scenarios."""

SEEDS = 4
"""That a story is run with: every one takes seconds, and two make an interval."""

PING = 5.0
"""Seconds in which the server asks a browser for a sign of life, and waits for it."""


class Served:
    """A server in a process of its own.

    ``left`` is after how long a place is free whose browser is gone.
    """

    def __init__(self, folder, token="", port=0, firms=FIRMS, left=""):
        self.folder = folder
        self.log = folder / f"server{'-token' if token else ''}.log"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        given = [
            str(firms),
            token,
            str(port),
            str(PING),
            BREAKS,
            HOLDS,
            str(SET_UP_ONCE),
            left,
            str(SEEDS),
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WATCHED, *map(str, given)],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=folder,
                text=True,
            )
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.log.read_text()
        self.said = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        """Keep what it says after its address: the connections that leave this machine."""
        self.said.extend(self.process.stdout)

    def stop(self, crash=False):
        """End it; a crash leaves it no time for anything."""
        (self.process.kill if crash else self.process.terminate)()
        self.process.wait(timeout=60)
        self._reader.join(timeout=60)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A laboratory that anybody on this machine may open."""
    served = Served(tmp_path_factory.mktemp("server"))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def chromium():
    """A headless browser; without one the tests are skipped, and say so."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium):
    """One window for all visits: what the page is made of is loaded once."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def visit(chromium, window, server, request):
    """Open the laboratory; errors on the page or in its console fail the test.

    Every visit is a tab, and so a session of its own; with options of its own, a window.
    ``before`` takes the page before it is loaded. With ``NEARSHORE_PICTURES=1`` what every page
    showed last is left in results/screenshots.
    """
    pages, problems = [], []

    def failed(asked):
        # What the page itself gives up, as when it is loaded again, is no fault.
        if "ERR_ABORTED" not in str(asked.failure):
            problems.append(f"failed: {asked.url}: {asked.failure}")

    def open_page(query="", ready=".ns-map canvas", before=lambda page: None, **options):
        context = chromium.new_context(**options) if options else window
        page = context.new_page()
        pages.append((page, context))
        page.set_default_timeout(150_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else 0)
        page.on("requestfailed", failed)
        before(page)
        page.goto(server.address + query)
        page.wait_for_selector(ready)
        return page

    yield open_page
    pictures = ROOT / "results" / "screenshots" if os.environ.get("NEARSHORE_PICTURES") else None
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    for number, (page, context) in enumerate(pages):
        if not page.is_closed():
            if pictures is not None:
                page.screenshot(path=pictures / f"{request.node.name[:80]}-{number}.png")
            page.close()
        if context is not window:
            context.close()
    assert problems == []
