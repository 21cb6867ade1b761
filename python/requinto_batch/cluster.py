# SPDX-License-Identifier: GPL-3.0-or-later
"""Start workers on this machine, or join a cluster, and end what was started."""

from __future__ import annotations

import atexit
import contextlib
import importlib.metadata
import logging
import os
import platform
import re
import signal
import warnings
from collections.abc import Iterator, Mapping
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from requinto.process import THREADS_VARIABLE
from requinto_batch.errors import BatchError
from requinto_batch.runner import Runner
from requinto_batch.worker_setup import silence_logs
from requinto_files.environment import changed_variables, is_installed

if TYPE_CHECKING:
    from distributed import Client, LocalCluster
    from tornado.ioloop import IOLoop

_SETUP = "requinto_batch.worker_setup"
_ANSWER_S = 15.0  # seconds that a cluster has to answer
_CLOSE_S = 10.0  # seconds that workers have to close
_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://.+:\d+")
_LOWEST_LIMIT = 300_000_000  # bytes; a song of 3 min fails with 256 MB, not with 320
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has one, which kills
_LOCAL_ONLY = "127.0.0.1:0"  # any port that is free
# Variables that nannies set, in their own process too
_OF_NANNIES = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("PYTHONHASHSEED", "__DASK_PARENT_PID", THREADS_VARIABLE),
)
# Whatever a worker holds is the song's, which goes with the song: only a limit that
# ends the worker helps. One that paused would never go on
_CONFIG = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # It has malloc return memory at once, which the next arrays take anew: a third more
    # time for a song
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    "distributed.worker.profile.enabled": False,  # 10 ms apart, in the song's thread
    # Of each worker's core 1.4 % at rest, else
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
    # What is kept of jobs that are done, so that a million take no memory
    "distributed.admin.low-level-log-length": 100,
    "distributed.diagnostics.computations.max-history": 10,
    "distributed.scheduler.dashboard.tasks.task-stream-length": 1000,
}


def check_installed() -> None:
    """Raise `BatchError` where the extra is missing; nothing is imported."""
    if not is_installed("distributed"):
        raise BatchError(
            "not installed: distributed; pip install 'requinto[batch]' brings it"
        )


def parse_memory_limit(text: str) -> int:
    """Return bytes, as of "2GB" or "1.5 GiB", or raise `BatchError`."""
    from dask.utils import parse_bytes

    try:
        n_bytes = int(parse_bytes(text))
    except ValueError:
        n_bytes = 0
    if n_bytes <= 0:
        raise BatchError(f"a memory limit is a size such as 2GB, got {text!r}")
    if n_bytes < _LOWEST_LIMIT:
        raise BatchError(
            f"a worker takes {_LOWEST_LIMIT / 1e6:.0f}MB or more, got a memory limit "
            f"of {text!r}; 2GB holds long songs, too"
        )
    return n_bytes


def memory_share(n_workers: int) -> int:
    """Return the bytes of each worker where they share this machine's memory."""
    from distributed.system import MEMORY_LIMIT

    return int(MEMORY_LIMIT) // n_workers


@contextlib.contextmanager
def start_workers(
    n_workers: int, *, memory_limit: int | None = None, has_dashboard: bool = False
) -> Iterator[Runner]:
    """Start processes on this machine, watched by nannies, and end them.

    They let other processes go first, use one thread each for networks (unless
    `REQUINTO_THREADS` says otherwise), and listen on 127.0.0.1 only. They end at once
    on an error or a signal, and when this process is killed, with what they started.

    Parameters
    ----------
    n_workers : int
    memory_limit : int, optional
        Bytes of each worker, beyond which it is killed; none unless given.
    has_dashboard : bool
        Whether Dask shows what the workers do, if it can.

    Raises
    ------
    BatchError
        If Dask is missing or a worker does not start.
    """
    check_installed()
    import dask
    from distributed import LocalCluster  # brings its settings, too
    from distributed.deploy.spec import close_clusters

    silence_logs()
    preloads = [*dask.config.get("distributed.worker.preload"), _SETUP]
    threads = os.environ.get(THREADS_VARIABLE) or "1"
    with (
        dask.config.set({**_CONFIG, "distributed.worker.preload": preloads}),
        _without_warnings(),
        _sheltered_loop() as loop,
    ):
        try:
            cluster = LocalCluster(
                loop=loop,
                n_workers=n_workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=_LOCAL_ONLY if has_dashboard else None,
                silence_logs=logging.CRITICAL,
                memory_limit=memory_limit or 0,
                env={THREADS_VARIABLE: threads, "PYTHONWARNINGS": "ignore"},
            )
        except (OSError, RuntimeError, ValueError, TimeoutError) as error:
            raise BatchError(f"workers cannot be started: {error}") from error
        except BaseException:
            # At the exit it would fail at workers that had not yet started
            atexit.unregister(close_clusters)
            raise
        with _ended(cluster), _client_of(cluster) as client:
            yield Runner(client)


@contextlib.contextmanager
def _sheltered_loop() -> Iterator[IOLoop]:
    """Run an event loop whose processes are spared the terminal's Ctrl-C.

    It is for this process, which ends them: else each would print where it was.
    """
    from distributed.utils import LoopRunner

    runner = LoopRunner()
    if hasattr(signal, "pthread_sigmask"):  # threads and processes inherit it
        resource_tracker.ensure_running()  # which would take the signal out of it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            runner.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    else:
        runner.start()
    try:
        yield runner.loop
    finally:
        runner.stop()


@contextlib.contextmanager
def _ended(cluster: LocalCluster) -> Iterator[None]:
    """End a cluster: when it is idle in good order, else at once."""
    try:
        yield
    except BaseException:
        _kill(cluster)
        raise
    finally:
        with contextlib.suppress(Exception):  # whatever is left ends with us
            cluster.close(timeout=_CLOSE_S)


def _kill(cluster: LocalCluster) -> None:
    for nanny in list(cluster.workers.values()):
        with contextlib.suppress(Exception):
            nanny.close_gracefully()  # it is not to start another
        if process := nanny.pid:  # which has a guard that ends what it has started
            with contextlib.suppress(OSError):
                os.kill(process, _KILL)


@contextlib.contextmanager
def connect(address: str) -> Iterator[Runner]:
    """Use the workers of a Dask cluster, which stay when this ends.

    Parameters
    ----------
    address : str
        Of its scheduler, such as "tcp://10.0.0.1:8786".

    Raises
    ------
    BatchError
        If it is no address, nobody answers there, there is no worker, or versions
        differ.
    """
    check_installed()
    if not _ADDRESS.fullmatch(address):
        raise BatchError(
            f"a scheduler's address is such as tcp://10.0.0.1:8786, got {address!r}"
        )
    with _without_warnings():
        silence_logs()
        with _client_of(address) as client:
            _check_versions(client, address)
            yield Runner(client)


@contextlib.contextmanager
def _client_of(cluster: LocalCluster | str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(cluster, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise BatchError(
            f"no Dask scheduler answers at {cluster}: {_first_line(error)}"
        ) from error
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=_CLOSE_S)


def _check_versions(client: Client, address: str) -> None:
    from distributed import TimeoutError as LateError

    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
    except (LateError, TimeoutError) as error:
        raise BatchError(
            f"the scheduler at {address} has no workers; start some, such as "
            f"`dask worker {address} --nthreads 1`"
        ) from error
    ours = versions()
    try:
        theirs: Mapping[str, Any] = client.run(versions)
    except Exception as error:  # whatever their installation raises
        raise BatchError(
            f"workers of {address} cannot run requinto: {_first_line(error)}; install "
            f"requinto {ours['requinto']} with its extra batch there"
        ) from error
    for worker, others in theirs.items():
        for name, version in ours.items():
            if others.get(name) != version:
                raise BatchError(
                    f"worker {worker} has {name} {others.get(name)}, here is "
                    f"{version}: they must be the same"
                )


def versions() -> dict[str, str]:
    """Return the versions that a cluster must agree on."""
    python = ".".join(platform.python_version_tuple()[:2])
    names = ("requinto", "distributed")
    return {"python": python} | {n: importlib.metadata.version(n) for n in names}


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep quiet about ports, versions and sockets; processes that start, too.

    Variables that Dask sets for its workers, in this process too, are put back.
    """
    variables = {name: os.environ.get(name) for name in _OF_NANNIES}
    variables["PYTHONWARNINGS"] = "ignore"
    with warnings.catch_warnings(), changed_variables(variables):
        warnings.simplefilter("ignore")
        yield
