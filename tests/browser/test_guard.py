"""Nobody else gets in: foreign pages, foreign hosts, visitors without the token."""

import re
from contextlib import ExitStack, contextmanager
from socket import SHUT_RDWR
from time import perf_counter, sleep
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.conftest import Served
from viz.page.server import MOST_VISITORS

TOKEN = "a-token-of-this-test"
CDN = "_solara/cdn"


LEFT = 2.0
"""Seconds after which the place is free of a browser that is gone."""


@contextmanager
def asking(folder, left=""):
    """A server that asks for a token."""
    served = Served(folder, TOKEN, left=left)
    served.address = served.address.partition("/?")[0] + "/"
    yield served
    served.stop()


@pytest.fixture(scope="module")
def asks(tmp_path_factory):
    with asking(tmp_path_factory.mktemp("asks")) as served:
        yield served


@pytest.fixture
def nobody_there(tmp_path):
    """The same without visitors: those of other tests keep their places for a while."""
    with asking(tmp_path, f"{LEFT}s") as served:
        yield served


def socket_status(address, origin, headers=None):
    """101 if a websocket is let in, else the status it is refused with."""
    where = urlsplit(address)
    path = "/jupyter/api/kernels/2c6a8cbe-0000-4000-8000-0123456789ab/channels?session_id=2c6a8cbe"

    try:
        with connect(f"ws://{where.netloc}{path}", origin=origin, additional_headers=headers or {}):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def until(claim):
    """Wait for something that the server does."""
    began = perf_counter()
    while not claim():
        assert perf_counter() - began < 60
        sleep(0.1)


def cookies(visitor):
    """What a browser sends along after it has loaded the page."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        None,
        "null",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}/",
    ],
)
def test_a_websocket_of_another_origin_is_refused(server, origin):
    port = urlsplit(server.address).port
    assert socket_status(server.address, origin and origin.format(port=port)) == 403


def test_a_websocket_of_the_page_itself_is_let_in(server):
    visitor = requests.Session()
    visitor.get(server.address, timeout=60)
    own = server.address.rstrip("/")
    assert socket_status(server.address, own, cookies(visitor)) == 101


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.nip.io", "[::2]", ""]
)
def test_a_request_for_another_host_is_refused(server, host):
    assert requests.get(server.address, headers={"Host": host}, timeout=60).status_code == 400


def test_a_foreign_form_cannot_post(server):
    answer = requests.post(server.address, headers={"Origin": "http://evil.example"}, timeout=60)
    assert answer.status_code == 403


def test_cookies_are_not_for_scripts(server):
    answer = requests.get(server.address, timeout=60)
    assert answer.status_code == 200
    assert "httponly" in answer.headers["set-cookie"].lower()


@pytest.mark.thorough
def test_without_the_token_nothing_is_shown_and_with_it_everything(asks):
    assert requests.get(asks.address, timeout=60).status_code == 403
    assert requests.get(f"{asks.address}?token=wrong", timeout=60).status_code == 403
    visitor = requests.Session()
    answer = visitor.get(f"{asks.address}?token={TOKEN}", timeout=60)
    assert answer.status_code == 200
    assert "nearshore-token" in visitor.cookies
    assert visitor.get(asks.address, timeout=60).status_code == 200
    own = asks.address.rstrip("/")
    assert socket_status(asks.address, own) == 403
    assert socket_status(asks.address, own, cookies(visitor)) == 101


def filled(route):
    """Addresses under a route, of what is not there or lies outside."""
    path = re.sub(r"{[^}]*}", "nothing", route).rstrip("/")
    below = ("nothing@1.0.0/dist/x.js", "nothing", "..%2f..%2fetc/passwd")
    return [path, *(f"{path}/{name}" for name in below)]


@pytest.mark.thorough
def test_no_request_to_any_route_leads_off_this_machine(server):
    routes = (server.folder / "routes").read_text().splitlines()
    assert f"/{CDN}" in routes
    paths = sorted({path for route in routes for path in filled(route)})
    own, evil = server.address.rstrip("/"), "http://evil.example"
    with requests.Session() as visitor:
        for path in paths:
            for origin in (None, evil):
                headers = {"Origin": origin} if origin else {}
                visitor.get(own + path, headers=headers, timeout=60)
            visitor.post(own + path, headers={"Origin": own}, timeout=60)
        assert server.said == []
        # A folder last: where Solara's own route answers, it would be deleted.
        for path in ("nothing@1.0.0/dist/nothing.js", "%2e%2e/x", "echarts@5.4.0/dist"):
            answer = visitor.get(f"{own}/{CDN}/{path}", timeout=60)
            assert answer.status_code == 404, path
        kept = visitor.get(f"{own}/{CDN}/echarts@5.4.0/dist/echarts.js", timeout=60)
    assert kept.status_code == 200


@pytest.mark.thorough
def test_a_full_laboratory_says_so_and_lets_in_who_has_a_place(nobody_there):
    asks = nobody_there
    own = asks.address.rstrip("/")
    visitor = requests.Session()
    visitor.get(f"{asks.address}?token={TOKEN}", timeout=60)
    where, headers = urlsplit(own).netloc, cookies(visitor)

    def kernel(number):
        return f"2c6a8cbe-0000-4000-9000-{number:012d}"

    def opened(number):
        path = f"/jupyter/api/kernels/{kernel(number)}/channels?session_id=page-{number}"
        return connect(f"ws://{where}{path}", origin=own, additional_headers=headers)

    with ExitStack() as sockets:
        for number in range(MOST_VISITORS):
            sockets.enter_context(opened(number))
        until(lambda: visitor.get(asks.address, timeout=60).status_code == 503)
        answer = visitor.get(asks.address, timeout=60)
        assert f"All {MOST_VISITORS} places of this laboratory are taken" in answer.text
        with pytest.raises(InvalidStatus), opened(MOST_VISITORS):
            pass
        with opened(0):
            pass  # who has a place and lost his connection finds it again
        # What a browser sends when its tab is closed.
        for number in (1, 2):
            close = f"{own}/_solara/api/close/{kernel(number)}?session_id=page-{number}"
            closed = visitor.post(close, headers={"Origin": own}, timeout=60)
            assert closed.status_code == 200
        until(lambda: visitor.get(asks.address, timeout=60).status_code == 200)
        # One that closes its tabs and opens them anew has its place, or another.
        stack_of_ended = [sockets.enter_context(opened(number)) for number in (8, 9)]
        until(lambda: visitor.get(asks.address, timeout=60).status_code == 503)
        # A browser that is killed closes nothing: its connections end, and that is all.
        for ended in stack_of_ended:
            ended.socket.shutdown(SHUT_RDWR)
        assert visitor.get(asks.address, timeout=60).status_code == 503
        until(lambda: visitor.get(asks.address, timeout=60).status_code == 200)
