"""The command line on a data folder of its own: documents, members, export, chat, backup and restore."""

import json
import stat
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from duologue import __version__
from tests.program import Done, call, serve, write_script

ARTICLE = "# Boots\n\n## Resoling\n\nBoots are resoled in four weeks. It costs 65 pounds.\n"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Settings without sample and without a model of its own."""
    script = write_script(tmp_path / "script.json", {"reply": "Boots are resoled in four weeks [1]."})
    return {"engine": "scripted", "scripted_path": str(script), "sample": "false"}


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process."""
    return partial(call, monkeypatch)


def prepare(run: Run, data: Path, bare: dict[str, str]) -> None:
    """A workspace with an owner."""
    done = run(data, "member", "add", "owner@one.example", "--role", "owner", "-w", "one", "--workspace-name", "One",
               "--password-stdin", stdin="a long password\n", **bare)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_version_and_help(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout.strip() == f"duologue {__version__}"
    help_text = run(tmp_path, "--help").stdout
    for command in ("serve", "chat", "knowledge", "export", "eval", "bench", "backup", "restore", "member"):
        assert command in help_text
    assert run(tmp_path, "nonsense").returncode == 2


def test_knowledge(run: Run, tmp_path: Path, bare: dict[str, str]) -> None:
    data, folder = tmp_path / "data", tmp_path / "articles"
    folder.mkdir()
    (folder / "boots.md").write_text(ARTICLE)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 no")
    prepare(run, data, bare)
    added = run(data, "knowledge", "add", str(folder), "--json", **bare)
    report = json.loads(added.stdout)
    assert [d["uri"] for d in report["ready"]] == ["boots.md"]
    assert [f["uri"] for f in report["failed"]] == ["broken.pdf"]
    assert added.returncode == 1
    assert added.stderr.strip().splitlines()[-1].startswith("duologue: 1 of 2 documents")
    found = json.loads(run(data, "knowledge", "search", "How long does resoling take?", "--json", **bare).stdout)
    assert "four weeks" in found["hits"][0]["passage"]["body"]
    listed = [json.loads(line) for line in run(data, "knowledge", "list", "--json", **bare).stdout.splitlines()]
    assert "boots.md" in [d["uri"] for d in listed]
    assert listed[0]["id"] in run(data, "knowledge", "list", **bare).stdout, "nothing is shortened for a pipe"
    assert run(data, "knowledge", "remove", "nothing.md", **bare).returncode == 1
    assert run(data, "knowledge", "remove", "boots.md", **bare).returncode == 0
    assert "boots.md" not in run(data, "knowledge", "list", **bare).stdout
    missing = run(data, "knowledge", "list", "-w", "two", **bare)
    assert (missing.returncode, missing.stderr.strip()) == (1, "duologue: There is no workspace called two.")


def test_chat_here_and_over_http(run: Run, tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    prepare(run, data, bare)
    article = tmp_path / "boots.md"
    article.write_text(ARTICLE)
    assert run(data, "knowledge", "add", str(article), **bare).returncode == 0
    here = run(data, "chat", "--lang", "zh", stdin="/human\n/quit\n", **bare)
    assert here.returncode == 0, here.stderr
    assert "转人工" in here.stdout
    with serve(data, **bare) as server:
        there = run(tmp_path / "other", "chat", "--url", server.base, stdin="/human\nhello\n", **bare)
        assert there.returncode == 0, there.stderr
        assert server.stop() == 0
    gone = run(tmp_path / "other", "chat", "--url", server.base, stdin="hello\n", **bare)
    assert gone.returncode == 1
    assert "does not answer" in gone.stderr


def test_backup_and_restore(run: Run, tmp_path: Path, bare: dict[str, str]) -> None:
    data, archive, other = tmp_path / "data", tmp_path / "backup.tar.gz", tmp_path / "other"
    prepare(run, data, bare)
    with serve(data, **bare):
        done = run(data, "backup", str(archive), "--json", **bare)
        assert json.loads(done.stdout)["files"] >= 2
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as file:
        names = file.getnames()
    assert {"data/duologue.db", "data/person.key"} <= set(names)
    assert not any(name.endswith(("-wal", "-shm")) for name in names)
    refused = run(data, "restore", str(archive), **bare)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert run(other, "restore", str(archive), **bare).returncode == 0
    assert "owner@one.example" in run(other, "member", "list", **bare).stdout
    assert (other / "person.key").read_bytes() == (data / "person.key").read_bytes()
    archive.write_bytes(archive.read_bytes()[:2_000])
    broken = run(other, "restore", str(archive), "--force", **bare)
    assert broken.returncode == 1
    assert len(broken.stderr.strip().splitlines()) == 1
    missing = run(other, "restore", str(tmp_path / "none.tar"), "--force", **bare)
    assert (missing.returncode, missing.stderr.strip()) == (1, f"duologue: There is no file {tmp_path / 'none.tar'}.")
    assert "owner@one.example" in run(other, "member", "list", **bare).stdout, "a broken archive changes nothing"


def test_export_of_nothing(run: Run, tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    prepare(run, data, bare)
    out = tmp_path / "sft.jsonl"
    assert run(data, "export", "--format", "sft", "--out", str(out), **bare).returncode == 0
    assert out.read_text() == ""
    assert run(data, "export", "--format", "dpo", **bare).stdout == ""


def test_one_answering_process_per_folder(run: Run, tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    prepare(run, data, bare)
    article = tmp_path / "boots.md"
    article.write_text(ARTICLE)
    with serve(data, **bare) as server:
        second = run(data, "serve", "--port", "0", **bare)
        assert (second.returncode, "Another Duologue works on the data folder" in second.stderr) == (2, True)
        assert run(data, "chat", stdin="/quit\n", **bare).returncode == 2
        assert run(data, "knowledge", "add", str(article), **bare).returncode == 0
        server.process.kill()
        server.process.wait()
    assert run(data, "chat", stdin="/quit\n", **bare).returncode == 0
