"""A whole platform for tests: real services on a database of their own, a scripted engine, cheap passwords; and who talks to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from duologue.accounts.model import Member, Role, Workspace
from duologue.accounts.passwords import Passwords
from duologue.bootstrap import build, create_app, start, stop
from duologue.bootstrap.server import Server, config_for
from duologue.interfaces.api.services import Services
from duologue.interfaces.platform import Platform
from duologue.kit.clock import Clock
from duologue.kit.settings import Settings

PASSWORD = "a long password"
ROLES: tuple[Role, ...] = ("owner", "admin", "expert", "viewer")


def write_script(folder: Path, rules: Sequence[dict[str, Any]], **more: Any) -> Path:
    """A script of the scripted engine; see `duologue.engine.scripted`."""
    path = folder / "script.json"
    path.write_text(json.dumps({"rules": list(rules), **more}), "utf-8")
    return path


@asynccontextmanager
async def open_for_test(
    folder: Path,
    *,
    rules: Sequence[dict[str, Any]] = (),
    script: dict[str, Any] | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Platform]:
    """A started platform with a scripted engine and without the sample workspace."""
    folder.mkdir(exist_ok=True)
    path = write_script(folder, rules, **(script or {}))
    given = {"sample": False, "engine": "scripted", "scripted_path": str(path), "rate_limits": False} | settings
    platform = build(Settings(data_dir=folder / "data", **given), passwords=Passwords.cheap(), clock=clock)
    await start(platform)
    try:
        yield platform
    finally:
        await stop(platform)


@dataclass
class Browser:
    """Somebody's browser: cookies, and the CSRF token of the session."""

    client: httpx.AsyncClient

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request, as a page makes it."""
        return await self.client.request(method, path, json=body, **more)

    async def get(self, path: str, **more: Any) -> Any:
        """The JSON of a GET that must succeed."""
        response = await self.call("GET", path, **more)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: Any = None) -> Any:
        """The JSON of a POST that must succeed."""
        response = await self.call("POST", path, {} if body is None else body)
        assert response.status_code == 200, response.text
        return response.json()

    async def sign_in(self, workspace: str, email: str, password: str = PASSWORD) -> Any:
        """Start a member's session."""
        me = await self.post("/api/auth/sign-in", {"workspace": workspace, "email": email, "password": password})
        self.client.headers["X-CSRF-Token"] = me["csrf"]
        return me

    async def become_person(self, workspace: str, lang: str = "en") -> Any:
        """Start a person's session."""
        session = await self.post("/api/chat/session", {"workspace": workspace, "lang": lang})
        self.client.headers["X-CSRF-Token"] = session["csrf"]
        return session


@dataclass
class House:
    """A workspace with a member of each role, a desk, and browsers to reach it."""

    platform: Platform
    app: FastAPI
    workspace: Workspace
    members: dict[Role, Member]

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def browser(self) -> Browser:
        """A fresh browser, without cookies."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return Browser(httpx.AsyncClient(transport=transport, base_url="http://duologue.test"))

    async def member(self, role: Role) -> Browser:
        """A browser in which the member of this role is signed in."""
        browser = self.browser()
        await browser.sign_in(self.workspace.slug, self.members[role].email)
        return browser

    async def person(self, lang: str = "en") -> Browser:
        """A browser in which a new person has a session."""
        browser = self.browser()
        await browser.become_person(self.workspace.slug, lang)
        return browser


async def add_house(platform: Platform, app: FastAPI, slug: str, mode: Any = "autopilot") -> House:
    """A new workspace in a platform."""
    workspace = await platform.accounts.create_workspace(slug, slug.title(), "en")
    await platform.conversations.ensure_desk(workspace.id, "Front", mode)
    members = {
        role: await platform.accounts.add_member(workspace.id, f"{role}@{slug}.example", role.title(), role, PASSWORD)
        for role in ROLES
    }
    return House(platform, app, workspace, members)


@asynccontextmanager
async def open_house(folder: Path, *, slug: str = "one", mode: Any = "autopilot", **more: Any) -> AsyncIterator[House]:
    """A platform with one workspace."""
    async with open_for_test(folder, **more) as platform:
        yield await add_house(platform, create_app(platform), slug, mode)


@asynccontextmanager
async def listen(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application on a port of its own, in this process; its base URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        services: Services = app.state.services
        server = Server(config_for(app, services.settings), services.closing)
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
