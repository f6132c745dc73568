"""Files of text or of conversations become shards; and, where there is none yet, the tokenizer they are cut with.

Text: `.txt`, `.md` (a file is a document) and `.jsonl` with `text`. Conversations: `.jsonl` with `messages`, or `prompt` and
`completion`, as `duologue export --format sft` and `--format kto` write; only what the assistant says is learnt, and a chat longer
than a row is cut after its last answer that fits, or dropped, with a count. Knows nothing of training.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid
from duologue.kit.text import detect_lang
from duologue.lm.text.chat import Rendered, render, render_within
from duologue.lm.text.tokenizer import END, TextTokenizer, load_tokenizer, train_tokenizer
from duologue.lm.training.data import write_shard
from duologue.lm.training.recipe import Recipe

KINDS = (".txt", ".md", ".jsonl")
HELD_TEXTS = 100  # most held-out documents of a language: enough for bits per byte to two digits, few enough for a CPU


@dataclass(frozen=True, slots=True)
class Document:
    """A text, or the messages of a conversation."""

    text: str = ""
    messages: tuple[dict[str, str], ...] = ()

    @property
    def words(self) -> str:
        """All that is said in it."""
        return self.text or "\n".join(m["content"] for m in self.messages)


@dataclass(slots=True)
class Prepared:
    """What became of a corpus: documents and tokens kept, chats cut to fit, documents dropped (too long, or nothing to learn)."""

    documents: int = 0
    tokens: int = 0
    cut: int = 0
    dropped: int = 0
    held_out: dict[str, list[str]] = field(default_factory=dict)


def list_files(places: Sequence[str]) -> list[Path]:
    """The files named, those of folders and of patterns like `texts/*.txt`, in order. Raises Invalid for a place without any."""
    files: list[Path] = []
    for place in places:
        path = Path(place)
        if path.is_dir():
            found = [p for p in path.rglob("*") if p.suffix in KINDS and p.is_file()]
        else:
            found = [path] if path.is_file() else [p for p in path.parent.glob(path.name) if p.is_file()]
        if not found:
            raise Invalid(f"There is no text at {place}: no file ending in {', '.join(KINDS)}.")
        files += sorted(found)
    return files


def read_documents(places: Sequence[str]) -> Iterator[Document]:
    """Every document of the places. Raises Invalid for a binary file, a line that is no document, and an empty corpus."""
    count = 0
    for path in list_files(places):
        for document in _read_file(path):
            count += 1
            yield document
    if not count:
        raise Invalid(f"The corpus {', '.join(places)} is empty: nothing can be learnt from it.")


def _read_file(path: Path) -> Iterator[Document]:
    content = path.read_bytes()
    try:
        if b"\0" in content:
            raise ValueError
        text = content.decode("utf-8-sig")
    except ValueError as error:
        raise Invalid(f"{path} is no text in UTF-8 but a binary file; take it out of the recipe's data.") from error
    if path.suffix != ".jsonl":
        if text.strip():
            yield Document(text.strip())
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _parse(line, f"Line {number} of {path}")


def _parse(line: str, where: str) -> Document:
    try:
        row = json.loads(line)
        if "text" in row:
            return Document(str(row["text"]))
        said = row["messages"] if "messages" in row else [*_turns(row["prompt"], "user"), *_turns(row["completion"], "assistant")]
        return Document(messages=tuple({"role": str(m["role"]), "content": str(m["content"])} for m in said))
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{where} is no document: it needs `text`, `messages`, or `prompt` and `completion`.") from error


def _turns(said: Any, role: str) -> list[dict[str, str]]:
    return [{"role": role, "content": said}] if isinstance(said, str) else list(said)


def prepare(recipe: Recipe) -> tuple[Recipe, list[Prepared]]:
    """The recipe with every stage's `data` made a shard under `out`, and its tokenizer made where it was missing.

    What was prepared before from the same files is used again. Raises Invalid as `read_documents` does.
    """
    if not any(stage.data for stage in recipe.stages):
        return recipe, []
    folder = Path(recipe.out) / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    if not recipe.start_from and not (recipe.tokenizer and Path(recipe.tokenizer).exists()):
        recipe = replace(recipe, tokenizer=recipe.tokenizer or str(folder / "tokenizer.json"))
        if not Path(recipe.tokenizer).exists():
            _learn_tokenizer(recipe)
    tokenizer = load_tokenizer(Path(recipe.start_from) / "tokenizer.json" if recipe.start_from else Path(recipe.tokenizer))
    stages, reports, held = [], [], dict[str, list[str]]()
    for number, stage in enumerate(recipe.stages):
        if stage.data:
            shard = folder / f"stage-{number}"
            share = 0.0 if recipe.held_out else recipe.held_out_share
            report = _prepare_shard(shard, stage.data, tokenizer, stage.length, share, is_whole=stage.whole)
            for lang, texts in report.held_out.items():
                held[lang] = (held.get(lang, []) + texts)[:HELD_TEXTS]
            reports.append(report)
            stage = replace(stage, shard=str(shard))
        stages.append(stage)
    if held:
        path = folder / "held_out.json"
        path.write_text(json.dumps(held, ensure_ascii=False), "utf-8")
        recipe = replace(recipe, held_out=str(path))
    return replace(recipe, stages=tuple(stages)), reports


def _learn_tokenizer(recipe: Recipe) -> None:
    texts = [d.words for stage in recipe.stages if stage.data for d in read_documents(stage.data)]
    path = Path(recipe.tokenizer)
    path.parent.mkdir(parents=True, exist_ok=True)
    train_tokenizer(texts, recipe.vocab_size, show_progress=False).save(path)


def _prepare_shard(
    shard: Path, places: Sequence[str], tokenizer: TextTokenizer, length: int, share: float, *, is_whole: bool
) -> Prepared:
    """Write the shard and what became of it as `NAME.json`, unless both are there already for the same files."""
    seal = hashlib.sha256(f"{tokenizer.inner.to_str()} {length} {share} {is_whole}".encode())
    for path in list_files(places):
        seal.update(path.name.encode() + path.read_bytes())
    record = Path(f"{shard}.json")
    if record.exists():
        known = json.loads(record.read_text("utf-8"))
        if known.pop("seal") == seal.hexdigest():
            return Prepared(**known)
    report = Prepared()
    documents = _render(read_documents(places), tokenizer, length, share, report, is_whole=is_whole)
    report.tokens = write_shard(shard, documents, is_wide=tokenizer.vocab_size > 0xFFFF)
    if not report.tokens:
        raise Invalid(f"The corpus {', '.join(places)} holds nothing to learn: {report.dropped} documents were dropped.")
    record.write_text(json.dumps({"seal": seal.hexdigest(), **asdict(report)}, ensure_ascii=False), "utf-8")
    return report


def _render(
    documents: Iterable[Document], tokenizer: TextTokenizer, length: int, share: float, report: Prepared, *, is_whole: bool
) -> Iterator[tuple[list[int], list[int] | None]]:
    """Documents as (ids, mask); every (1 / share)-th is held out and not learnt, from the second on."""
    every = max(2, round(1 / share)) if share > 0 else 0
    end = [tokenizer.special(END)] if END in tokenizer.special_ids else list(tokenizer.dialect.ends[:1])
    for number, document in enumerate(documents):
        if every and number % every == 1:
            lang = detect_lang(document.words)
            if document.words.strip() and len(report.held_out.setdefault(lang, [])) < HELD_TEXTS:
                report.held_out[lang].append(document.words)
                continue
        rendered: Rendered | None = None
        if document.messages:
            whole = render(tokenizer, document.messages)
            limit = length + 1 if is_whole else len(whole.ids)
            rendered = render_within(tokenizer, document.messages, limit)
            report.cut += int(rendered is not None and len(rendered.ids) < len(whole.ids) and len(whole.ids) > limit)
        elif ids := tokenizer.encode(document.text):
            ids = [*tokenizer.dialect.begin, *ids, *end]
            rendered = Rendered(ids, [1] * len(ids))
        if rendered is None or not any(rendered.mask):
            report.dropped += 1
            continue
        report.documents += 1
        yield rendered.ids, rendered.mask
