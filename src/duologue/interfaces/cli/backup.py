"""`duologue backup` and `restore`: one archive with the data folder and, where PostgreSQL is used, its dump.

The archive holds the key of persons' sessions: keep it as safe as the data folder itself.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from duologue import __version__
from duologue.interfaces.cli.run import out, print_json
from duologue.kit.errors import Invalid, SetupError
from duologue.kit.settings import Settings
from duologue.store.backup import check_sqlite, copy_sqlite, is_sqlite_file

DUMP = "postgres.dump"
LEFT_OUT = ("-wal", "-shm", "-journal", ".part")


def do_backup(settings: Settings, to: Path, *, as_json: bool) -> None:
    """Write the archive; it appears whole or not at all."""
    data_dir = settings.data_dir.resolve()
    if not data_dir.is_dir():
        raise SetupError(f"There is no data folder {settings.data_dir}.")
    to = to.resolve()
    with tempfile.TemporaryDirectory(prefix="duologue-backup-") as held:
        draft = to.with_name(f".{to.name}.part")
        count = 0
        try:
            with tarfile.open(draft, "w:gz") as archive:
                for path in sorted(data_dir.rglob("*")):
                    if not path.is_file() or path.is_symlink() or path.name.endswith(LEFT_OUT) or path in (to, draft):
                        continue
                    source = path
                    if is_sqlite_file(path):
                        source = Path(held) / f"{count}.db"
                        copy_sqlite(path, source)
                    archive.add(source, f"data/{path.relative_to(data_dir).as_posix()}")
                    count += 1
                if settings.database_url:
                    dump = Path(held) / DUMP
                    _run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", settings=settings)
                    archive.add(dump, DUMP)
            os.chmod(draft, 0o600)
            os.replace(draft, to)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise SetupError(f"The archive {to} cannot be written: {error.strerror}.") from error
    if as_json:
        print_json({"archive": str(to), "files": count, "bytes": to.stat().st_size, "version": __version__})
    else:
        out.print(f"{count} files, {to.stat().st_size / 1e6:.1f} MB in {to}.", markup=False)


def do_restore(settings: Settings, archive: Path, *, force: bool) -> None:
    """Put an archive back. The old content goes only once the new one has been read and checked."""
    data_dir = settings.data_dir.resolve()
    if data_dir.exists() and any(data_dir.iterdir()) and not force:
        raise SetupError(f"The data folder {settings.data_dir} is not empty; name another one, or overwrite it with --force.")
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{data_dir.name}-", dir=data_dir.parent))
    try:
        try:
            with tarfile.open(archive, "r:*") as file:
                file.extractall(fresh, filter="data")
        except FileNotFoundError as error:
            raise Invalid(f"There is no file {archive}.") from error
        except (OSError, tarfile.TarError) as error:
            raise Invalid(f"{archive} is not an archive of `duologue backup`, or it is damaged.") from error
        if not (fresh / "data").is_dir():
            raise Invalid(f"{archive} is not an archive of `duologue backup`: it has no folder `data`.")
        for path in (fresh / "data").rglob("*"):
            if path.is_file() and is_sqlite_file(path):
                check_sqlite(path)
        if (fresh / DUMP).exists():
            if not settings.database_url:
                raise SetupError("The archive holds a PostgreSQL dump; set DUOLOGUE_DATABASE_URL.")
            _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(fresh / DUMP), settings=settings)
        if data_dir.exists():
            shutil.rmtree(data_dir)
        os.replace(fresh / "data", data_dir)
        os.chmod(data_dir, 0o700)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    out.print(f"Restored into {data_dir}.", markup=False)


def _run(program: str, *arguments: str, settings: Settings) -> None:
    """Run a tool of PostgreSQL; the password goes by environment, where other users do not see it."""
    url = urlsplit(settings.database_url)
    environment = os.environ | {
        "PGHOST": unquote(url.hostname or ""),
        "PGPORT": str(url.port or 5432),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": url.path.lstrip("/"),
    }
    if program == "pg_restore":
        arguments = (f"--dbname={url.path.lstrip('/')}", *arguments)
    try:
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SetupError(f"{program} is not installed; it comes with PostgreSQL's client tools.") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise SetupError(f"{program} failed: {said}.")
