"""HTML pages: the main content as Markdown; navigation, scripts, forms and hidden parts are left out."""

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, PageElement, Tag

from duologue.knowledge.readers.read import Read, table

_DROPPED = {"script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "svg", "iframe"}
_DROPPED_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary"}
_INLINE = {"a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "kbd", "label", "mark", "q", "s", "samp", "small", "span"}
_INLINE |= {"strong", "sub", "sup", "time", "u", "var", "wbr", "del", "ins"}


def read(data: bytes, uri: str) -> Read:
    """The page's `<main>`, `<article>` or body. The encoding is the page's own, found by Beautiful Soup."""
    soup = BeautifulSoup(data, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    lang = str(soup.html.get("lang") or "") if soup.html else ""
    root = soup.find("main") or soup.find(attrs={"role": "main"}) or soup.find("article") or soup.body or soup
    if not isinstance(root, Tag):
        root = soup
    _prune(root)
    heading = root.find("h1")
    if heading is not None:
        title = heading.get_text(" ", strip=True) or title
    return Read(title, "\n\n".join(_blocks(root)), "", lang)


def _prune(root: Tag) -> None:
    for tag in list(root.find_all(True)):
        if tag.decomposed:
            continue
        hidden = tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or tag.get("role") in _DROPPED_ROLES
        style = str(tag.get("style") or "").replace(" ", "").lower()
        if tag.name in _DROPPED or hidden or "display:none" in style or "visibility:hidden" in style:
            tag.decompose()


def _blocks(parent: Tag) -> list[str]:
    """Block texts in order; runs of inline content between blocks are paragraphs of their own."""
    out: list[str] = []
    inline: list[str] = []

    def flush() -> None:
        text = _squeeze("".join(inline))
        inline.clear()
        if text:
            out.append(_escape(text))

    for child in parent.children:
        if isinstance(child, Tag) and child.name not in _INLINE and child.name != "br":
            flush()
            out.extend(_block(child))
        else:
            inline.append(_inline(child))
    flush()
    return out


def _block(tag: Tag) -> list[str]:
    name = tag.name
    if name in ("h1", "h2", "h3", "h4", "h5", "h6"):
        text = _squeeze(tag.get_text(" "))
        return [f"{'#' * int(name[1])} {' '.join(text.split())}"] if text else []
    if name in ("ul", "ol"):
        text = _list(tag, 0)
        return [text] if text else []
    if name == "table":
        rows = [[_squeeze(cell.get_text(" ")) for cell in row.find_all(["th", "td"])] for row in tag.find_all("tr")]
        text = table([row for row in rows if any(row)])
        caption = tag.find("caption")
        return [part for part in (_squeeze(caption.get_text(" ")) if caption else "", text) if part]
    if name == "pre":
        body = tag.get_text().strip("\n")
        return [f"```\n{body}\n```"] if body.strip() else []
    if name == "hr":
        return []
    return _blocks(tag)


def _list(tag: Tag, depth: int) -> str:
    lines: list[str] = []
    for number, item in enumerate((child for child in tag.children if isinstance(child, Tag) and child.name == "li"), start=1):
        nested = [child for child in item.find_all(["ul", "ol"]) if child.find_parent("li") is item]
        inner = [_list(child.extract(), depth + 1) for child in nested]
        mark = f"{number}." if tag.name == "ol" else "-"
        text = " ".join(_squeeze(item.get_text(" ")).split())
        if text:
            lines.append(f"{'   ' * depth}{mark} {text}")
        lines.extend(part for part in inner if part)
    return "\n".join(lines)


def _inline(node: PageElement) -> str:
    if isinstance(node, Tag):
        return "\n" if node.name == "br" else node.get_text() if node.name in _INLINE else node.get_text(" ")
    if isinstance(node, NavigableString) and type(node) is NavigableString and not isinstance(node, Comment):
        return str(node).replace("\n", " ")
    return ""


def _squeeze(text: str) -> str:
    return "\n".join(line for line in (" ".join(part.split()) for part in text.split("\n")) if line)


def _escape(text: str) -> str:
    """A paragraph that would read as a Markdown heading or list is kept as prose."""
    return "\n".join("\\" + line if line[:1] in "#>" else line for line in text.split("\n"))
