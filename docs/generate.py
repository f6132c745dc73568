"""Writes docs/reference/*.md from the code; `--check` fails where a page is not what the code says.

Knows where settings, errors, events, commands, routes and sdk names are declared; says nothing of its own about them.
"""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import duologue
from duologue.kit.errors import DuologueError
from duologue.kit.settings import Settings

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make docs` from the code; change it there. -->\n\n"


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").strip().split("\n\n")[0].replace("\n", " ")


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(head: list[str], rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows]) + "\n"


def render_settings() -> str:
    """Every `DUOLOGUE_*` variable."""
    rows: list[list[object]] = []
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
        rows.append([f"`DUOLOGUE_{name.upper()}`", f"`{default}`" if default != "" else "empty", field.description or ""])
    return "# Settings\n\nEnvironment variables; `duologue serve` takes the most used ones as options.\n\n" + _table(
        ["Variable", "Default", "Meaning"], rows
    )


def _errors(cls: type[DuologueError] = DuologueError) -> Iterator[type[DuologueError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _errors(child)


def _import_errors() -> None:
    """Import every module that gives an error a code of its own, so that the page does not depend on what was imported before."""
    root = Path(duologue.__path__[0])
    for path in sorted(root.rglob("*.py")):
        if re.search(r'^    code = "', path.read_text("utf-8"), re.M):
            importlib.import_module(".".join(("duologue", *path.relative_to(root).with_suffix("").parts)))


def render_errors() -> str:
    """Every error code: the program's own in the order of their tree, then those of packs."""
    _import_errors()
    own = DuologueError.__module__
    found = [e for e in dict.fromkeys(_errors()) if "code" in vars(e) and e.__module__.startswith("duologue.")]
    found = [e for e in found if e.__module__ == own] + sorted(
        (e for e in found if e.__module__ != own), key=lambda e: (e.__module__, e.code)
    )
    rows: list[list[object]] = [[f"`{e.code}`", e.status, _first_line(e)] for e in found]
    body = 'Every error of the API is `{"error": {"code", "message", "detail"}}` with the status below.\n\n'
    return "# Error codes\n\n" + body + _table(["Code", "Status", "Meaning"], rows)


def render_events() -> str:
    """Every event of the feed."""
    parts = ["# Events\n\nThe feed is append-only; a reader resumes from its cursor. Each event carries the new values whole.\n"]
    for info in pkgutil.iter_modules(duologue.__path__):
        try:
            module = importlib.import_module(f"duologue.{info.name}.events")
        except ModuleNotFoundError:
            continue
        rows: list[list[object]] = []
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and dataclasses.is_dataclass(cls) and hasattr(cls, "kind"):
                rows.append([f"`{cls.kind}`", ", ".join(f"`{f.name}`" for f in dataclasses.fields(cls)), _first_line(cls)])
        if rows:
            parts.append(f"\n## {info.name}\n\n" + _table(["Kind", "Payload", "Meaning"], rows))
    return "".join(parts)


def render_commands() -> str:
    """Every command with its help."""
    import click
    import typer

    from duologue.interfaces.cli import app

    def walk(command: click.Command, path: str) -> Iterator[str]:
        context = click.Context(command, info_name=path, terminal_width=100)
        children = getattr(command, "commands", {})
        if not children:
            options = [
                [
                    f"`{' '.join(p.opts)}`" if p.param_type_name == "option" else f"`{p.name}`",
                    p.default if p.default is not None else "",
                    getattr(p, "help", "") or "",
                ]
                for p in command.get_params(context)
                if p.name != "help"
            ]
            yield f"## {path}\n\n{_first_line_of(command.help)}\n\n" + (
                _table(["Option", "Default", "Meaning"], options) + "\n" if options else ""
            )
        for name, child in sorted(children.items()):
            yield from walk(child, f"{path} {name}")

    def _first_line_of(text: str | None) -> str:
        return (text or "").split("\f")[0].strip()

    return "# Commands\n\n" + "".join(walk(typer.main.get_command(app), "duologue"))


def render_api() -> str:
    """Every route of the HTTP API."""
    from duologue.interfaces.api import openapi

    rows: list[list[object]] = [
        [method.upper(), f"`{path}`", operation.get("summary", "")]
        for path, methods in sorted(openapi()["paths"].items())
        for method, operation in methods.items()
    ]
    return "# HTTP API\n\nThe full description is served at `/api/openapi.json`.\n\n" + _table(
        ["Method", "Path", "What it does"], rows
    )


def render_sdk() -> str:
    """Every name that a pack may use."""
    sdk: Any = importlib.import_module("duologue.sdk")
    rows: list[list[object]] = []
    for name in sorted(sdk.__all__):
        noun = getattr(sdk, name)
        rows.append([f"`{name}`", _first_line(noun) or f"`{noun}`"])
    return "# sdk\n\nThe nouns that a pack may use: `from duologue.sdk import …`.\n\n" + _table(["Name", "Meaning"], rows)


def render_recipes() -> str:
    """Every field of a recipe."""
    from duologue.lm.training.prefer import PreferRecipe
    from duologue.lm.training.recipe import describe_fields
    from duologue.lm.vectors.encoder import EncoderRecipe

    head = ["Field", "Default", "Meaning"]
    text = (
        "# Recipes\n\nA recipe is a YAML file of these fields; `--set a.b=c` gives one another value, and the resolved recipe is "
        "kept beside what it made. How to write one: [train a model](../howto/train.md).\n"
    )
    kinds = (("`duologue pretrain` and `duologue finetune`", ()), ("`duologue prefer`", ((PreferRecipe, ""),)))
    kinds += (("A sentence encoder (`lm.encoder.train_encoder`)", ((EncoderRecipe, ""),)),)
    for title, of in kinds:
        rows: list[list[object]] = [
            [f"`{name}`", f"`{default}`" if default else "empty", doc] for name, default, doc in describe_fields(*of)
        ]
        text += f"\n## {title}\n\n" + _table(head, rows)
    return text


def render_openai() -> str:
    """What of OpenAI's API is supported: by the marks of the tests, and by the bodies themselves."""
    from duologue.interfaces.v1 import chat_body, completions, openapi, responses_body

    routes: list[list[object]] = [
        [method.upper(), f"`/v1{path}`", operation.get("description", "")]
        for path, methods in sorted(openapi()["paths"].items())
        for method, operation in methods.items()
    ]
    shown: dict[str, dict[str, int]] = {}
    for path in sorted((FOLDER.parents[1] / "tests/v1").glob("test_*.py")):
        for feature, client in _marks(path):
            counts = shown.setdefault(feature, {})
            counts[client] = counts.get(client, 0) + 1
    rows: list[list[object]] = [
        [feature, ", ".join(f"{client} ({n})" for client, n in sorted(counts.items()))] for feature, counts in sorted(shown.items())
    ]
    bodies: list[list[object]] = []
    for name, module, body in (
        ("chat completions", chat_body, chat_body.ChatBody),
        ("completions", completions, completions.CompletionBody),
        ("responses", responses_body, responses_body.ResponseBody),
    ):
        used = [f for f in body.model_fields if f not in module.WITHOUT_EFFECT and f not in module.REFUSED]
        bodies.append([name, *(" ".join(f"`{f}`" for f in fields) for fields in (used, module.WITHOUT_EFFECT, module.REFUSED))])
    return (
        "# OpenAI's API\n\nThe full description is served at `/v1/openapi.json`.\n\n"
        + _table(["Method", "Path", "What it does"], routes)
        + "\n## What clients were seen to do with it\n\nEach row is shown by tests in `tests/v1` (how many, by which client); "
        "the official client's answers are checked strictly against its own types.\n\n"
        + _table(["Feature", "Shown with"], rows)
        + "\n## Parameters\n\nAny other name is refused with status 400, as OpenAI does.\n\n"
        + _table(["Body", "Followed", "Accepted, without effect here", "Refused by name"], bodies)
    )


def _marks(path: Path) -> Iterator[tuple[str, str]]:
    """The (feature, client) pairs that the tests of a file are marked with."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "supports":
                    feature, client = (ast.literal_eval(a) for a in mark.args)
                    yield feature, client


PAGES: dict[str, Callable[[], str]] = {
    "settings": render_settings,
    "errors": render_errors,
    "events": render_events,
    "commands": render_commands,
    "api": render_api,
    "openai": render_openai,
    "sdk": render_sdk,
    "recipes": render_recipes,
}


def find_stale_install() -> str:
    """What to do where the installed entry points are not those of pyproject.toml: pages written then would lack commands."""
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {(group, name, value) for group, points in project["entry-points"].items() for name, value in points.items()}
    installed = {(p.group, p.name, p.value) for p in distribution("duologue").entry_points}
    return "" if wanted <= installed else "pyproject.toml has new entry points; run: pip install --no-deps --editable ."


def main(check: bool) -> int:
    """Write the pages, or name those that are out of date."""
    if problem := find_stale_install():
        print(problem)
        return 1
    stale = []
    for name, render in PAGES.items():
        path, text = FOLDER / f"{name}.md", NOTE + render().rstrip() + "\n"
        if check and (not path.exists() or path.read_text("utf-8") != text):
            stale.append(path.name)
        elif not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    if stale:
        print(f"Out of date: {', '.join(stale)}. Run `make docs`.")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
