"""Pages fetched by address, safely: only http and https, only public addresses, bounded in size and time.

The name is resolved here, every address it has is checked, and the connection goes to the checked address: a name that resolves
to something else a moment later gains nothing. Redirects pass the same gate. Knows no format; the readers take over.
Source of the idea: OWASP, Server-Side Request Forgery Prevention.
"""

import asyncio
import ipaddress
import socket

import httpx

from duologue.kit.errors import Invalid, TooLarge, Unavailable
from duologue.knowledge.model import Input

MAX_REDIRECTS = 5
USER_AGENT = "Duologue (knowledge reader)"


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends a request to a checked address of its host. Raises Invalid for what must not be reached."""

    def __init__(self, *, allow_private: bool = False, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._allow_private = allow_private
        self._inner = inner or httpx.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in ("http", "https"):
            raise Invalid("Only http and https addresses can be read.", url=str(url))
        address = await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        request.url = url.copy_with(host=address)
        try:
            return await self._inner.handle_async_request(request)
        finally:
            request.url = url  # so that a relative redirect is joined to the name, not to the number

    async def _resolve(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unavailable(f"The host {host} is not known.") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses:
            raise Unavailable(f"The host {host} has no address.")
        if not self._allow_private:
            for address in addresses:
                check_public(address, host)
        return addresses[0]

    async def aclose(self) -> None:
        await self._inner.aclose()


def check_public(address: str, host: str) -> None:
    """Raise Invalid where an address is not one of the public internet (loopback, private, link-local, metadata …)."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = inner or ip
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        raise Invalid(f"{host} is not an address of the public internet; it is not read.")


async def fetch(
    url: str,
    *,
    max_bytes: int,
    timeout_s: float = 20.0,
    allow_private: bool = False,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Input:
    """The page at `url`. Raises Invalid, TooLarge or Unavailable with a sentence for people.

    `transport` takes the place of the network below the guard in tests.
    """
    guarded = GuardedTransport(allow_private=allow_private, inner=transport)
    # trust_env off: a proxy taken from the environment would be asked to connect by name, past the guard
    client = httpx.AsyncClient(
        transport=guarded,
        trust_env=False,
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        timeout=timeout_s,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
    )
    try:
        async with asyncio.timeout(timeout_s), client, client.stream("GET", url) as response:
            if response.status_code >= 400:
                raise Unavailable(f"The server answered with status {response.status_code}.")
            data = bytearray()
            async for part in response.aiter_bytes():
                data += part
                if len(data) > max_bytes:
                    raise TooLarge(f"The page is larger than {max_bytes:,} bytes.")
            return Input(url, bytes(data), response.headers.get("content-type", "text/html"))
    except TimeoutError as error:
        raise Unavailable(f"The server did not answer within {timeout_s:g} seconds.") from error
    except httpx.TooManyRedirects as error:
        raise Invalid("The address leads from one page to the next without end.") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Invalid("This is not an http or https address.") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"The page cannot be fetched ({type(error).__name__}).") from error
