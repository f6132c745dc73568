"""Serves the pages: a shell each for `/`, `/desk`, `/admin` and packs' own, the static files, the widget, the words. Knows no data.

Everything that a page shows comes from /api; the shell only names the modules to load, in the right language and theme, so that
nothing flashes. Scripts and styles come from here alone (Content-Security-Policy), and `innerHTML` takes trusted types only.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from duologue.interfaces.web.assets import Asset, Assets
from duologue.interfaces.web.words import LANGS, choose_lang, load_words
from duologue.kit.errors import NotFound
from duologue.kit.text import Lang

HERE = Path(__file__).parent
LANG_COOKIE = "duo_lang"
THEME_COOKIE = "duo_theme"
Page = Literal["chat", "desk", "admin", "pack"]
STYLES: dict[Page, tuple[str, ...]] = {
    "chat": ("css/tokens.css", "css/parts.css", "css/message.css", "css/chat.css", "css/panel.css"),
    "desk": ("css/tokens.css", "css/parts.css", "css/message.css", "css/desk.css", "css/draft.css", "css/panel.css"),
    "admin": ("css/tokens.css", "css/parts.css", "css/message.css", "css/desk.css", "css/admin.css", "css/panel.css"),
    "pack": ("css/tokens.css", "css/parts.css", "css/message.css", "css/desk.css", "css/admin.css", "css/panel.css"),
}
_NAME = re.compile(r"[a-z0-9_-]{1,64}")
MAY_LISTEN = "camera=(), geolocation=(), microphone=(self), payment=()"
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=300"


def content_policy(embed_origins: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of the pages. `embed_origins`: other sites that may show the chat in a frame."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors " + " ".join(["'self'", *embed_origins]),
            "require-trusted-types-for 'script'",
            "trusted-types duologue",
        ]
    )


class Site:
    """What the routes share: files, words and templates, read once."""

    def __init__(self, embed_origins: Sequence[str], panels: Mapping[str, Path], *, listens: bool = False) -> None:
        self.listens = listens
        self.assets = Assets(HERE / "static", panels)
        self.words = {lang: load_words(lang) for lang in LANGS}
        self.embed_policy = content_policy(embed_origins)
        self.policy = content_policy()
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, request: Request, page: Page, panel: str = "") -> HTMLResponse:
        """The shell of a page. `panel`: `<pack>/<panel>` where it is a pack's."""
        asked = request.query_params.get("lang", "")
        lang = choose_lang(asked, request.cookies.get(LANG_COOKIE, ""), request.headers.get("accept-language", ""))
        theme = request.cookies.get(THEME_COOKIE, "auto")
        is_embedded = page == "chat" and request.query_params.get("embed") == "1"
        entry = f"js/{page}/main.js"
        html = self._templates.get_template("shell.html").render(
            page=page,
            lang=lang,
            html_lang={"en": "en", "zh": "zh-CN"}[lang],
            theme=theme if theme in ("light", "dark") else "auto",
            words=self.words[lang],
            base=f"/static/{self.assets.digest}",
            styles=STYLES[page],
            entry=entry,
            modules=self.assets.modules(entry),
            is_embedded=is_embedded,
            panel=panel,
        )
        headers = {
            "Content-Security-Policy": self.embed_policy if is_embedded else self.policy,
            "Cache-Control": "no-cache",
            "Vary": "Cookie, Accept-Language",
        }
        if self.listens and page in ("chat", "desk"):
            headers["Permissions-Policy"] = MAY_LISTEN
        return HTMLResponse(html, headers=headers)


def _send(request: Request, asset: Asset, cache: str) -> Response:
    is_gzipped = asset.gzipped is not None and "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding", "Cross-Origin-Resource-Policy": "cross-origin"}
    if is_gzipped:
        headers["Content-Encoding"] = "gzip"
    content = asset.gzipped if is_gzipped and asset.gzipped is not None else asset.content
    return Response(content, headers=headers, media_type=asset.media_type)


def router(*, embed_origins: Sequence[str] = (), panels: Mapping[str, Path] | None = None, listens: bool = False) -> APIRouter:
    """The routes of the pages. `embed_origins`: sites (`https://shop.example`) that may embed the chat; none by default.

    `panels`: the folder of each pack's panels, by name of the pack. `listens`: chat and desk may use the microphone.
    """
    site = Site(embed_origins, panels or {}, listens=listens)
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def chat(request: Request) -> HTMLResponse:
        return site.page(request, "chat")

    @routes.get("/desk")
    async def desk(request: Request) -> HTMLResponse:
        return site.page(request, "desk")

    @routes.get("/admin")
    async def admin(request: Request) -> HTMLResponse:
        return site.page(request, "admin")

    @routes.get("/packs/{pack}/{panel}")
    async def panel(request: Request, pack: str, panel: str) -> HTMLResponse:
        if not (_NAME.fullmatch(pack) and _NAME.fullmatch(panel)):
            raise NotFound("There is no such page.")
        return site.page(request, "pack", f"{pack}/{panel}")

    @routes.get("/static/{digest}/{name:path}")
    async def static(request: Request, digest: str, name: str) -> Response:
        asset = site.assets.find(name)
        if asset is None:
            raise NotFound("There is no such file.")
        return _send(request, asset, FOREVER if digest == site.assets.digest else BRIEFLY)

    @routes.get("/widget.js")
    async def widget(request: Request) -> Response:
        response = _named(request, "js/widget.js")
        response.headers["Access-Control-Allow-Origin"] = "*"  # other sites load it as a module
        return response

    @routes.get("/favicon.ico")
    async def icon(request: Request) -> Response:
        return _named(request, "icon.svg")

    @routes.get("/api/i18n/{lang}.json")
    async def words(request: Request, lang: Lang) -> Response:
        found = site.words[lang]
        cache = FOREVER if request.query_params.get("v") == found.digest else BRIEFLY
        return Response(found.content, headers={"Cache-Control": cache}, media_type="application/json")

    def _named(request: Request, name: str) -> Response:
        asset = site.assets.find(name)
        if asset is None:
            raise NotFound("There is no such file.")
        return _send(request, asset, BRIEFLY)

    return routes
