"""Nobody else gets in: foreign pages, foreign hosts, visitors without the token."""

from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.conftest import Served

TOKEN = "a-token-of-this-test"


@pytest.fixture(scope="module")
def asks(tmp_path_factory):
    """A server that asks for a token."""
    served = Served(tmp_path_factory.mktemp("asks"), TOKEN)
    served.address = served.address.partition("/?")[0] + "/"
    yield served
    served.stop()


def socket_status(address, origin, headers=None):
    """101 if a websocket is let in, else the status it is refused with."""
    where = urlsplit(address)
    path = "/jupyter/api/kernels/2c6a8cbe-0000-4000-8000-0123456789ab/channels?session_id=2c6a8cbe"

    try:
        with connect(f"ws://{where.netloc}{path}", origin=origin, additional_headers=headers or {}):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


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
    visitor.get(server.address, timeout=20)
    own = server.address.rstrip("/")
    assert socket_status(server.address, own, cookies(visitor)) == 101


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.nip.io"])
def test_a_request_for_another_host_is_refused(server, host):
    assert requests.get(server.address, headers={"Host": host}, timeout=20).status_code == 400


def test_a_foreign_form_cannot_post(server):
    answer = requests.post(server.address, headers={"Origin": "http://evil.example"}, timeout=20)
    assert answer.status_code == 403


def test_cookies_are_not_for_scripts(server):
    answer = requests.get(server.address, timeout=20)
    assert answer.status_code == 200
    assert "httponly" in answer.headers["set-cookie"].lower()


def test_without_the_token_nothing_is_shown_and_with_it_everything(asks):
    assert requests.get(asks.address, timeout=20).status_code == 403
    assert requests.get(f"{asks.address}?token=wrong", timeout=20).status_code == 403
    visitor = requests.Session()
    answer = visitor.get(f"{asks.address}?token={TOKEN}", timeout=20)
    assert answer.status_code == 200
    assert "nearshore-token" in visitor.cookies
    assert visitor.get(asks.address, timeout=20).status_code == 200
    own = asks.address.rstrip("/")
    assert socket_status(asks.address, own) == 403
    assert socket_status(asks.address, own, cookies(visitor)) == 101
