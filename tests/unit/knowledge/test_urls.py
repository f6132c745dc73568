"""Pages are fetched from the public internet only, in bounded size, over bounded redirects."""

import socket
from typing import Any

import httpx
import pytest

from duologue.kit.errors import DuologueError, Invalid, TooLarge, Unavailable
from duologue.knowledge.readers.urls import check_public, fetch

PUBLIC = "93.184.215.14"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Host names and their addresses; a host that is not listed is unknown."""
    known = {"shop.example": [PUBLIC], "inside.example": ["10.0.0.5"], "both.example": [PUBLIC, "127.0.0.1"]}

    def resolve(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


def answering(handler: Any) -> httpx.MockTransport:
    return httpx.MockTransport(handler)


async def test_the_connection_goes_to_the_checked_address_under_the_right_name(names: dict[str, list[str]]) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(httpx.Request(request.method, request.url, headers=request.headers, extensions=request.extensions))
        return httpx.Response(200, text="hello", headers={"content-type": "text/plain"})

    found = await fetch("https://shop.example/help?x=1", max_bytes=100, transport=answering(serve))
    assert (found.uri, found.data, found.media_type) == ("https://shop.example/help?x=1", b"hello", "text/plain")
    assert str(seen[0].url) == f"https://{PUBLIC}/help?x=1"
    assert seen[0].headers["host"] == "shop.example"
    assert seen[0].extensions["sni_hostname"] == "shop.example"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/x",
        "file:///etc/passwd",
        "//shop.example",
        "shop.example/x",
        "http://",
        "http://inside.example/",
        "http://both.example/",
    ],
)
async def test_other_schemes_and_private_addresses_are_refused(names: dict[str, list[str]], url: str) -> None:
    with pytest.raises(DuologueError) as caught:
        await fetch(url, max_bytes=100, transport=answering(lambda request: httpx.Response(200)))
    assert caught.value.status in (422, 503)


async def test_a_redirect_into_the_inside_is_refused(names: dict[str, list[str]]) -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "http://inside.example/admin"})

    with pytest.raises(Invalid, match="public"):
        await fetch("http://shop.example/", max_bytes=100, transport=answering(serve))
    assert asked == [PUBLIC]


async def test_a_relative_redirect_stays_at_the_name(names: dict[str, list[str]]) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/old":
            return httpx.Response(301, headers={"location": "/new"})
        return httpx.Response(200, text=request.headers["host"])

    assert (await fetch("http://shop.example/old", max_bytes=100, transport=answering(serve))).data == b"shop.example"


async def test_redirects_without_end_are_refused(names: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid, match="end"):
        again = answering(lambda request: httpx.Response(302, headers={"location": "/"}))
        await fetch("http://shop.example/", max_bytes=100, transport=again)


async def test_too_much_is_not_read(names: dict[str, list[str]]) -> None:
    with pytest.raises(TooLarge):
        await fetch(
            "http://shop.example/", max_bytes=100, transport=answering(lambda request: httpx.Response(200, content=b"x" * 101))
        )


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_an_error_of_the_server_is_told(names: dict[str, list[str]], status: int) -> None:
    with pytest.raises(Unavailable, match=str(status)):
        await fetch("http://shop.example/", max_bytes=100, transport=answering(lambda request: httpx.Response(status)))


async def test_an_unknown_host_is_told(names: dict[str, list[str]]) -> None:
    with pytest.raises(Unavailable, match="known"):
        await fetch("http://nowhere.example/", max_bytes=100)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
        "ff02::1", "255.255.255.255",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(Invalid):
        check_public(address, "host")


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    check_public(address, "host")
