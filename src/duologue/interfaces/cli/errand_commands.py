"""`duologue <pack> …`: what packs do from the command line. A pack is loaded when its name is given, and only then."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from duologue.interfaces.cli.options import AsJson, DataDir, Workspace
from duologue.interfaces.cli.run import err, out, print_json, with_platform

if TYPE_CHECKING:
    from duologue.interfaces.platform import Platform
    from duologue.sdk import Errand

GROUP = "duologue.errands"


def add_commands(app: typer.Typer) -> None:
    """A family of commands for each pack that has errands."""
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        app.add_typer(
            typer.Typer(cls=_family(point), no_args_is_help=True), name=point.name, help=f"What the {point.name} pack does."
        )


def _family(point: EntryPoint) -> type[typer.core.TyperGroup]:
    """A group whose commands are made when they are asked for."""

    class Family(typer.core.TyperGroup):
        def _load(self) -> None:
            if not self.commands:
                made = typer.Typer()
                made.callback()(lambda: None)
                for errand in point.load():
                    made.command(errand.name, help=inspect.getdoc(errand.function))(_command(point.name, errand))
                group = typer.main.get_group(made)
                self.commands.update(group.commands)

        def list_commands(self, ctx: Any) -> list[str]:
            self._load()
            return super().list_commands(ctx)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            self._load()
            return super().get_command(ctx, cmd_name)

    return Family


def _command(pack: str, errand: Errand) -> Any:
    """A function with the errand's parameters and the usual options, as typer reads one."""
    hints = get_type_hints(errand.function)
    taken = list(inspect.signature(errand.function).parameters.values())[2:]

    def run(context: typer.Context, **given: Any) -> None:
        slug, data_dir, as_json = given.pop("workspace"), given.pop("data_dir"), given.pop("as_json")

        async def work(platform: Platform) -> None:
            workspace = await platform.accounts.get_workspace(slug)
            _tell(await errand.function(platform.hosts[pack], workspace.id, **given), as_json=as_json)

        with_platform(context, work, data_dir)

    own = [p.replace(kind=p.KEYWORD_ONLY, annotation=_typed(hints[p.name], p.default is p.empty), default=p.default) for p in taken]
    usual = [
        inspect.Parameter("workspace", inspect.Parameter.KEYWORD_ONLY, annotation=Workspace, default=""),
        inspect.Parameter("data_dir", inspect.Parameter.KEYWORD_ONLY, annotation=DataDir, default=None),
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, annotation=AsJson, default=False),
    ]
    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    run.__signature__ = inspect.Signature([first, *own, *usual])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (first, *own, *usual)}
    return run


def _typed(kind: Any, is_argument: bool) -> Any:
    return Annotated[kind, typer.Argument()] if is_argument else Annotated[kind, typer.Option()]


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    """The result; notes go to the other stream, so that the first can be read by programs."""
    if as_json:
        print_json(found)
        return
    out.print("  ".join(f"{name}: {value}" for name, value in found.items() if name != "notes"), markup=False)
    for note in found.get("notes", ()):
        err.print(note, style="yellow", markup=False)
