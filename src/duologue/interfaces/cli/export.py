"""`duologue export`: verdicts as training examples, or a model for other programs. A file appears whole or not at all."""

import json
import os
from pathlib import Path

from duologue.interfaces.cli.run import err, get_workspace, print_json
from duologue.interfaces.platform import Platform
from duologue.kit.errors import Invalid
from duologue.learning.model import ExportFormat


def export_model(
    name: str, to: Path | None, *, adapter: Path | None, dtype: str, shard_mb: int, as_gguf: bool, as_json: bool
) -> None:
    """Write a model in Hugging Face's layout, or as one GGUF file. Raises Invalid without a place to write it to."""
    from duologue.interfaces.cli.ask import print_conversion
    from duologue.lm.checkpoints.convert import convert, find_model

    if to is None:
        raise Invalid("Say where the model goes: --to FOLDER, or --to FILE.gguf.")
    if as_gguf:
        _export_gguf(find_model(name), to, dtype, adapter, as_json)
        return
    found = convert(find_model(name), to, dtype=dtype, adapter=adapter, shard_bytes=shard_mb * 1_000_000, for_others=True)
    print_conversion(found, as_json=as_json)


def _export_gguf(folder: Path, to: Path, dtype: str, adapter: Path | None, as_json: bool) -> None:
    from duologue.lm.checkpoints.gguf_file import export_gguf

    found = export_gguf(folder, to, dtype=dtype, adapter=adapter)
    if as_json:
        print_json(found)
        return
    err.print(f"{found['family']}, {found['parameters'] / 1e6:.2f} M parameters, {found['dtype']}: {to}", markup=False)
    if not found["cuts_text_alike"]:
        err.print(
            "llama.cpp lacks this tokenizer's pattern: it reads token ids alike, but cuts some texts differently.", markup=False
        )


async def export_to(platform: Platform, slug: str, form: ExportFormat, to: Path | None) -> None:
    """Write the examples to a file or to stdout."""
    workspace = await get_workspace(platform, slug)
    lines = platform.exports.lines(workspace.id, form)
    if to is None:
        async for line in lines:
            print_json(line)
        return
    draft, count = to.with_name(f".{to.name}.part"), 0
    with draft.open("w", encoding="utf-8") as file:
        async for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    os.replace(draft, to)
    err.print(f"{count} examples in {to}.", markup=False)
