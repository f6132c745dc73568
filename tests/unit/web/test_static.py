"""The static files: vendored ones are what they claim to be, modules are found, nothing breaks the pages' own policy."""

import hashlib
import re
from pathlib import Path

import pytest

from duologue.interfaces.web.assets import Assets
from duologue.interfaces.web.pages import HERE, STYLES, content_policy

STATIC = HERE / "static"
ROW = re.compile(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \| `([0-9a-f]{64})` \|$", re.M)
VENDORED = ROW.findall((STATIC / "vendor/VENDOR.md").read_text("utf-8"))
OWN = [p for p in STATIC.rglob("*") if p.suffix in (".js", ".css") and "vendor" not in p.parts]
PAGES = ["chat", "desk", "admin", "pack"]
FETCHED = ["js/shared/plot.js", "js/admin/autonomy.js", "js/admin/learning.js"]
"""What the pages do not load at once: panels import it, or a view that is seldom shown."""
PUBLISHED_NAMES = {"./preact.js": "preact", "./hooks.js": "preact/hooks", "./signals-core.js": "@preact/signals-core"}


def test_every_vendored_file_is_listed() -> None:
    files = {p.name for p in (STATIC / "vendor").iterdir() if p.suffix in (".js", ".css", ".woff2")}
    assert {name for name, _, _ in VENDORED} == files


@pytest.mark.parametrize(("name", "published", "here"), VENDORED)
def test_a_vendored_file_is_unchanged(name: str, published: str, here: str) -> None:
    content = (STATIC / "vendor" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == here
    if name == "htm.js" or name.endswith(".woff2"):
        assert published == here
    for target in re.findall(rb'\b(?:import|export)\b[^"\';]*?from"([^"]+)"', content) if name.endswith(".js") else ():
        assert target.decode() in PUBLISHED_NAMES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_finds_all_its_modules_and_styles(page: str) -> None:
    assets = Assets(STATIC)
    modules = assets.modules(f"js/{page}/main.js")
    assert "vendor/preact.js" in modules
    assert all(assets.find(name) for name in (*modules, *STYLES[page]))  # type: ignore[index]
    packed = sum(len(a.gzipped or a.content) for name in modules if (a := assets.find(name)))
    assert packed < 80_000, "the scripts of a page stay small, or it is slow on a phone"


def test_every_module_is_used() -> None:
    assets = Assets(STATIC)
    entries = [f"js/{page}/main.js" for page in PAGES] + FETCHED
    used = {name for entry in entries for name in assets.modules(entry)} | {"js/widget.js"}
    assert set(assets.names(".js")) - used == set()


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "a.js").write_text("1", "utf-8")
    before = Assets(folder).digest
    (folder / "a.js").write_text("2", "utf-8")
    assert Assets(folder).digest != before


def test_no_name_leads_outside() -> None:
    assets = Assets(STATIC)
    assert assets.find("../pages.py") is None
    assert assets.find("/etc/passwd") is None


@pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(STATIC)))
def test_a_module_says_what_it_knows_and_stays_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(("/**", "/*"))
    assert len(text.splitlines()) <= 300
    if path.suffix == ".js" and path.name != "trusted.js":
        assert re.findall(r"innerHTML|dangerouslySetInnerHTML|eval\(|new Function|document\.write|outerHTML", text) == []
    assert re.findall(r"https?://(?!chat\.example|www\.w3\.org/2000/svg)[a-z]", text) == []


def test_other_sites_may_embed_the_chat_only_where_they_are_named() -> None:
    assert "frame-ancestors 'self';" in content_policy()
    assert "frame-ancestors 'self' https://shop.example;" in content_policy(["https://shop.example"])
