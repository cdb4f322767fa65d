"""The page's server: Solara behind a guard that lets nobody else in.

Solara itself accepts a websocket from any origin and a page request for any host, so
a stranger's page could drive a laboratory on this machine. Here every request must
name this host, every websocket one of our own origins, and where a token is asked
for, the first request must bring it; it is then kept in a cookie that no script reads.
What the page is made of comes from this machine: Solara would fetch a file that it
lacks from the internet, for whoever asks, and would delete a folder that is asked for.
"""

import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from abm.economy.folders import of_another_year
from abm.errors import OutputError
from abm.scenario.scenario import Scenario

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Any]]
type Send = Callable[[Any], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "nearshore-token"
POLICY_VIOLATION, TRY_AGAIN_LATER = 1008, 1013

MOST_VISITORS = 8
"""Each holds a world or two in memory, until its tab is closed or its browser is gone."""

FULL = Path(__file__).parents[1] / "assets" / "full.html"
"""What a visitor reads for whom there is no place."""

DEFAULT_FIRMS, DEFAULT_PORT = 2_000, 8765

SETTINGS = {
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_SESSION_HTTP_ONLY": "true",
    # A browser that ended without closing its tabs; one that only lost its connection for longer,
    # as on a machine that slept, loads the page again, and its address says what it shows.
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",
    # The guard counts visitors and says when there are too many; Solara would let one more wait.
    "SOLARA_KERNEL_MAX_COUNT": "64",
    "SOLARA_KERNEL_MAX_PER_SESSION": "0",
    # After a restart of the server the page loads itself again; its address says what it shows.
    "SOLARA_THEME_FORCE_REFRESH": "true",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_VARIANT": "light",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "Nearshore laboratory",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_MODE": "production",
}
"""Read by Solara when it is imported: nothing is told to anybody, forgotten tabs are freed."""


class Gatekeeper:
    """Passes on what comes from this page alone.

    Parameters
    ----------
    inner : callable
        The application behind it.
    origins : iterable of str
        ``Origin`` headers that are ours.
    token : str or None
        What a visitor must bring; None lets everybody on this machine in.
    """

    def __init__(self, inner: App, origins: Iterable[str], token: str | None = None) -> None:
        self.inner, self.token = inner, token
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a foreign origin or a missing token (403)."""
        if scope["type"] not in ("http", "websocket"):
            await self.inner(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refused(scope, headers)
        if refused:
            await _refuse(scope, receive, send, *refused)
            return
        if self.token is not None and _query_token(scope) == self.token:
            send = _with_cookie(send, self.token)
        await self.inner(scope, receive, send)

    def _refused(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        origin = headers.get(b"origin")
        acts = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if acts and origin not in self.origins:
            return 403, "Requests from other pages are refused."
        if self.token is not None and not self._has_token(scope, headers):
            return 403, "This page asks for a token: open the address that was printed."
        return None

    def _has_token(self, scope: Scope, headers: dict[bytes, str]) -> bool:
        cookie = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
        given = (_query_token(scope), cookie.value if cookie else "")
        return any(
            secrets.compare_digest(text.encode(), str(self.token).encode()) for text in given
        )


def _query_token(scope: Scope) -> str:
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]


def _with_cookie(send: Send, token: str) -> Send:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
            message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
        await send(message)

    return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    from starlette.responses import PlainTextResponse
    from starlette.websockets import WebSocketClose

    refusal = PlainTextResponse(text, status_code=status)
    await (WebSocketClose(POLICY_VIOLATION) if scope["type"] == "websocket" else refusal)(
        scope, receive, send
    )


class Places:
    """Lets so many visitors in and tells the next one, in words, that it is full.

    Parameters
    ----------
    inner : callable
    taken : callable
        Names of the places that are taken.
    most : int
    """

    def __init__(self, inner: App, taken: Callable[[], Collection[str]], most: int) -> None:
        self.inner, self.taken, self.most = inner, taken, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a visitor for whom there is no place (503); who has one goes on."""
        from starlette.responses import HTMLResponse
        from starlette.websockets import WebSocketClose

        full = scope["type"] in ("http", "websocket") and len(self.taken()) >= self.most
        if full and scope["type"] == "websocket" and not self._has_place(scope):
            await WebSocketClose(TRY_AGAIN_LATER)(scope, receive, send)
        elif full and scope["type"] == "http" and scope["path"] == "/":
            page = FULL.read_text(encoding="utf-8").format(most=self.most)
            await HTMLResponse(page, status_code=503)(scope, receive, send)
        else:
            await self.inner(scope, receive, send)

    def _has_place(self, scope: Scope) -> bool:
        return any(f"/{place}/" in scope["path"] for place in self.taken())


def guarded_page(hosts: Iterable[str], port: int, token: str | None) -> App:
    """Solara's application behind the guard.

    Parameters
    ----------
    hosts : iterable of str
        Names and addresses, without the port, under which it is served.
    port : int
    token : str or None
    """
    os.environ |= SETTINGS | {
        "SOLARA_APP": str(Path(__file__).with_name("app.py")),
        "SOLARA_SESSION_SECRET_KEY": secrets.token_hex(32),
    }
    from solara.server import kernel_context
    from solara.server.starlette import app as page
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from viz.page.bundled import mount

    hosts = list(hosts)
    page.router.routes.insert(0, mount())
    places = Places(page, lambda: kernel_context.contexts.keys(), MOST_VISITORS)
    guard = Gatekeeper(places, (f"http://{host}:{port}" for host in hosts), token)
    return TrustedHostMiddleware(guard, allowed_hosts=hosts, www_redirect=False)


# why: an argument is an option of the command
def serve(
    scenario: str = "status-quo",
    firms: int = DEFAULT_FIRMS,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    token: str | None = None,
    tell: Callable[[str], None] = print,
    economy: str | None = None,
) -> None:
    """Serve the laboratory until it is stopped.

    Parameters
    ----------
    scenario : str
        Name or file of the one a visitor finds.
    firms : int
    host : str
        Another address than loopback needs a token; one is made if none is given.
    port : int
        0 for any that is free.
    token : str, optional
    tell : callable
        Takes the lines a user should read.
    economy : str, optional
        The economy of all scenarios, in place of those that they name.

    Raises
    ------
    ScenarioError
        If there is no such scenario or the size is out of range.
    OutputError
        If the address cannot be served, or packages do not fit together.
    """
    import uvicorn

    from viz.lab.laboratory import Start
    from viz.page import defaults
    from viz.page.doctor import problems

    for problem in problems():
        raise OutputError(problem)
    chosen = Scenario.load(scenario)
    for line in of_another_year(chosen.economy.table) if economy is None else ():
        tell(line)
    defaults.start = Start(chosen if economy is None else chosen.on_economy(economy), firms)
    if token is None and (host not in LOOPBACK or _others_logged_in()):
        token = secrets.token_urlsafe(24)
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    names = {*LOOPBACK[:2], "[::1]", host if ":" not in host else f"[{host}]"}
    if host in ("0.0.0.0", "::"):
        names |= {socket.gethostname(), socket.getfqdn()}
    page = guarded_page(names, port, token)
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    tell(f"http://{shown}:{port}/" + (f"?token={token}" if token else ""))
    if host not in LOOPBACK:
        tell(
            "warning: others can reach this address, and nothing is encrypted;"
            " an SSH tunnel to 127.0.0.1 is safer"
        )
    server = uvicorn.Server(uvicorn.Config(page, log_level="warning", lifespan="on"))
    server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(64)  # a visitor who is quicker than the imports waits
    except OSError as error:
        raise OutputError(f"{host}:{port}: cannot be served ({error.strerror})") from None
    return listening


def _others_logged_in() -> bool:
    """Whether more than one person uses this machine now."""
    if sys.platform == "win32":
        return False
    import psutil

    return len({user.name for user in psutil.users()}) > 1
