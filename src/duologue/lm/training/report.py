"""A run as a page: its curves, its last figures, what it wrote along the way, its recipe. One HTML file without any other.

Reads what the run left (`log.jsonl`, `samples.jsonl`, `recipe.yaml`, `corpus/*.json`); knows no networks.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from duologue.lm.training.plot import draw_lines

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#111827;max-width:1180px;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}.plots{display:flex;flex-wrap:wrap;gap:1rem}"
    "svg{max-width:100%;height:auto;border:1px solid #e5e7eb;border-radius:6px}table{border-collapse:collapse}"
    "td,th{padding:.25rem .75rem;border-bottom:1px solid #e5e7eb;text-align:left;vertical-align:top}"
    "pre{background:#f9fafb;padding:1rem;overflow:auto;border-radius:6px;font-size:13px}"
)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file; none where there is none."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def smooth(values: Sequence[float], keep: float = 0.9) -> list[float]:
    """An exponential mean, corrected for its start, so that a trend shows in the noise."""
    out, mean = [], 0.0
    for count, value in enumerate(values, 1):
        mean = keep * mean + (1 - keep) * value
        out.append(mean / (1 - keep**count))
    return out


def render_report(out: Path, title: str = "", facts: Mapping[str, Any] | None = None) -> str:
    """The page of the run in the folder `out`."""
    rows = read_lines(out / "log.jsonl")
    recipe = out / "recipe.yaml"
    parts = [f"<h1>{escape(title or out.name)}</h1>", _facts(rows, facts or {}), '<h2>Curves</h2><div class="plots">']
    parts += _curves(rows)
    parts += ["</div>", _corpus(out), _samples(read_lines(out / "samples.jsonl"))]
    if recipe.is_file():
        parts.append(f"<h2>Recipe</h2><pre>{escape(recipe.read_text('utf-8'))}</pre>")
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title or out.name)}</title><style>{STYLE}</style>'
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def write_report(out: Path, title: str = "", facts: Mapping[str, Any] | None = None) -> Path:
    """Write `report.html` into the run's folder."""
    path = out / "report.html"
    path.write_text(render_report(out, title, facts), "utf-8")
    return path


def _curves(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    learnt = [r for r in rows if not r.get("is_held_out")]
    steps = [r["step"] for r in learnt]
    loss = [r["loss"] for r in learnt]
    found = [draw_lines("loss, nats per learnt token", {"each step": _pairs(steps, loss), "smoothed": _pairs(steps, smooth(loss))})]
    languages = sorted({lang for r in rows for lang in r.get("bits_per_byte") or {}})
    held = {
        lang: [(r["step"], r["bits_per_byte"][lang]) for r in rows if lang in (r.get("bits_per_byte") or {})] for lang in languages
    }
    found.append(draw_lines("bits per byte of held-out texts", held))
    for name, title in {
        "lr": "learning rate",
        "grad_norm": "length of the gradient",
        "tokens_per_s": "tokens per second",
        "margin": "margin of the chosen answer, nats",
        "accuracy": "share of pairs whose chosen answer is preferred",
    }.items():
        lines = {"learnt": [(r["step"], r[name]) for r in learnt if name in r]}
        if watched := [(r["step"], r[name]) for r in rows if r.get("is_held_out") and name in r]:
            lines["held out"] = watched
        found.append(draw_lines(title, lines))
    answers = {
        name.removesuffix("_logprob"): [(r["step"], r[name]) for r in learnt if name in r]
        for name in ("chosen_logprob", "rejected_logprob")
    }
    found.append(draw_lines("log-probability of an answer, nats", answers))
    return [one for one in found if one]


def _pairs(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(xs, ys, strict=True))


def _facts(rows: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    shown = dict(facts)
    if rows:
        last = rows[-1]
        shown |= {"steps": last["step"], "last loss": f"{last['loss']:.4f}"}
        measured: dict[str, float] = next((r["bits_per_byte"] for r in reversed(rows) if r.get("bits_per_byte")), {})
        shown |= {f"bits per byte, {lang}": f"{value:.4f}" for lang, value in measured.items()}
    cells = "".join(f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>" for k, v in shown.items())
    return f"<table>{cells}</table>"


def _corpus(out: Path) -> str:
    found = [json.loads(p.read_text("utf-8")) for p in sorted((out / "corpus").glob("stage-*.json"))]
    if not found:
        return ""
    head = "<tr><th>stage</th><th>documents</th><th>tokens</th><th>chats cut to fit</th><th>dropped</th></tr>"
    cells = "".join(
        f"<tr><td>{n}</td><td>{f['documents']}</td><td>{f['tokens']}</td><td>{f['cut']}</td><td>{f['dropped']}</td></tr>"
        for n, f in enumerate(found)
    )
    return f"<h2>Corpus</h2><table>{head}{cells}</table>"


def _samples(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<tr><td>{r['step']}</td><td>{escape(r['prompt'])}</td><td>{escape(r['text'])}</td></tr>" for r in rows)
    return f"<h2>What it wrote</h2><table><tr><th>step</th><th>prompt</th><th>went on with</th></tr>{cells}</table>"
