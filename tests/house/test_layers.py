"""The folder list, read bottom to top, is the life of a message: import-linter proves it, lazy imports counted."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_contract_holds() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_only_repositories_and_the_store_speak_sql() -> None:
    strays = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "src/duologue").rglob("*.py")
        if "sqlalchemy" in path.read_text("utf-8") and path.name != "repository.py"
        if not {"store", "migrations"} & set(path.parts)
        if any(line.lstrip().startswith(("import sqlalchemy", "from sqlalchemy")) for line in path.read_text("utf-8").splitlines())
    ]
    assert strays == []


def test_the_people_half_starts_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import duologue.bootstrap, duologue.interfaces.api, duologue.interfaces.web, duologue.packs.support\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
