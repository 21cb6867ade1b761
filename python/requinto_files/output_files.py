# SPDX-License-Identifier: GPL-3.0-or-later
"""Write files so that they appear whole or not at all, and replace none by accident."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from requinto_files.errors import AudioFileError, reason_of

PICTURE_ENDINGS = (".png", ".svg", ".pdf", ".jpg")
_PREFIX = ".requinto-"  # of files that are not finished
_PROBE = 1 << 20  # bytes
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What a file system without hard links answers
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def check_output(
    path: str | os.PathLike[str],
    endings: Sequence[str] = (),
    *,
    overwrite: bool = False,
) -> None:
    """Raise unless a file can be written at `path`.

    Parameters
    ----------
    path : str or path
    endings : sequence of str
        Accepted endings in lower case, such as ".wav"; any where there are none.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the ending is another, the folder is missing or cannot be written, or there
        is a folder, a link, a read-only file, or a file that may not be replaced.
    """
    if endings:
        check_ending(path, endings)
    _check_existing(path, overwrite=overwrite)
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        reason = "is no folder" if folder.exists() else "does not exist"
        raise AudioFileError(f"{path} cannot be written: {folder} {reason}")
    if not os.access(folder, os.W_OK):
        raise AudioFileError(f"{path} cannot be written: {folder} is read-only")
    with unfinished_file(path):
        pass  # some folders refuse files although their permissions do not say so


def check_ending(path: str | os.PathLike[str], endings: Sequence[str]) -> str:
    """Return a path's ending in lower case, or raise `AudioFileError` if it is none."""
    ending = Path(path).suffix.lower()
    if ending not in endings:
        raise AudioFileError(
            f"{path} must end in one of {', '.join(endings)}, got {ending or 'none'}"
        )
    return ending


def check_output_folder(folder: Path) -> None:
    """Raise `AudioFileError` unless files can be written in a folder, made if need be.

    Nothing is made: what is tried is the folder itself, or the first one above it.
    """
    whole = folder.absolute()
    existing = next(p for p in (whole, *whole.parents) if os.path.lexists(p))
    if not existing.is_dir():
        raise AudioFileError(f"{existing} is a file; name a folder")
    try:
        for name in whole.relative_to(existing).parts:
            with contextlib.suppress(FileNotFoundError):
                os.stat(existing / name)  # says what is wrong with a name
        make_writable_file(probe := str(existing / f"{_PREFIX}{secrets.token_hex(8)}"))
        os.unlink(probe)
    except (OSError, ValueError) as error:
        raise write_error(folder, error) from error


def _check_existing(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise write_error(path, error) from error
    if stat.S_ISDIR(mode):
        raise AudioFileError(f"{path} is a folder; name a file")
    if stat.S_ISLNK(mode):
        raise AudioFileError(f"{path} is a link to another file; name that file itself")
    if not stat.S_ISREG(mode):
        raise AudioFileError(f"{path} is a pipe or a device; name a file")
    if not overwrite:
        raise AudioFileError(f"{path} exists; give --overwrite to replace it")
    if not mode & 0o222:
        raise AudioFileError(f"{path} is read-only, so it is not replaced")


def refer_to_one_file(
    one: str | os.PathLike[str], other: str | os.PathLike[str]
) -> bool:
    """Return whether two paths lead to one file, or would on any system.

    Some ignore case, and some how an accent is written.
    """
    with contextlib.suppress(OSError):
        return os.path.samefile(one, other)
    return plain_name(os.path.realpath(one)) == plain_name(os.path.realpath(other))


def plain_name(name: str) -> str:
    """Return what names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()


@contextlib.contextmanager
def whole_file(
    path: str | os.PathLike[str], *, overwrite: bool = False
) -> Iterator[str]:
    """Give a temporary name beside `path`; what is written there becomes `path`.

    If anything is raised meanwhile, nothing is left of it.

    Parameters
    ----------
    path : str or path
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the file cannot be written, or one is there and may not be replaced.
    """
    with unfinished_file(path) as unfinished:
        with unfinished.explain_errors():
            yield unfinished.name
        unfinished.publish(overwrite=overwrite)


class UnfinishedFile(NamedTuple):
    """A hidden file that may become another.

    We can read and write it, whatever the umask.
    """

    name: str
    path: str | os.PathLike[str]  # that it may become
    mode: int  # that the umask gives to a file

    @contextlib.contextmanager
    def explain_errors(self, n_bytes: int | None = None) -> Iterator[None]:
        """Raise `AudioFileError` for what goes wrong in writing; see `write_error`."""
        try:
            yield
        except (OSError, soundfile.LibsndfileError) as error:
            cause = cause_of(self.name, error)
            raise write_error(self.path, cause, n_bytes) from error

    def publish(self, *, overwrite: bool) -> None:
        """Let it become `path`, or raise `AudioFileError`; see `whole_file`."""
        _check_existing(self.path, overwrite=overwrite)
        try:
            _set_mode(self.name, self.mode)
            _move(self.name, self.path, overwrite=overwrite)
        except OSError as error:
            raise write_error(self.path, error) from error


@contextlib.contextmanager
def unfinished_file(path: str | os.PathLike[str]) -> Iterator[UnfinishedFile]:
    """Make an empty hidden file beside `path`, and remove what is left of it.

    Raises
    ------
    AudioFileError
        If it cannot be made.
    """
    folder, ending = Path(path).absolute().parent, Path(path).suffix
    name = str(folder / f"{_PREFIX}{secrets.token_hex(8)}{ending}")
    try:
        # The name is chosen before the file is made, so that a signal between the two
        # leaves no file
        try:
            mode = make_writable_file(name)
        except (OSError, ValueError) as error:
            raise write_error(path, error) from error
        yield UnfinishedFile(name, path, mode)
    finally:
        with contextlib.suppress(OSError, ValueError):
            os.unlink(name)


def unfinished_files(folder: Path) -> list[Path]:
    """Return the hidden files of a folder that were to become others, or still are."""
    return sorted(folder.glob(f"{_PREFIX}*"))


def make_writable_file(path: str) -> int:
    """Make an empty file that we can read and write, whatever the umask.

    Returns
    -------
    int
        The mode that the umask gives to a file.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    mode = stat.S_IMODE(os.stat(path).st_mode)
    _set_mode(path, mode | 0o600)
    return mode


def _set_mode(path: str, mode: int) -> None:
    with contextlib.suppress(OSError):  # of a file system that has no modes
        os.chmod(path, mode)


def _move(unfinished: str, path: str | os.PathLike[str], *, overwrite: bool) -> None:
    if overwrite:
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, unfinished)
        os.replace(unfinished, path)
        return
    try:
        os.link(unfinished, path)  # fails if another program made the file meanwhile
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.replace(unfinished, path)


def cause_of(unfinished: str, error: Exception) -> Exception:
    """Return why a file cannot be written, where libsndfile says "System error".

    Returns
    -------
    Exception
        The system's `OSError`, or `error` where the system accepts more bytes.
    """
    if isinstance(error, OSError):
        return error
    try:
        with open(unfinished, "ab", buffering=0) as file:
            while file.write(bytes(_PROBE)) < _PROBE:
                pass  # less than all was written: the next write says why
    except OSError as cause:
        return cause
    return error


def write_error(
    path: str | os.PathLike[str], error: Exception, n_bytes: int | None = None
) -> AudioFileError:
    """Return an error that says why a file cannot be written.

    Parameters
    ----------
    path : str or path
    error : Exception
        What the system or libsndfile raised.
    n_bytes : int, optional
        How large the file would have been at most.
    """
    reason = reason_of(error)
    if getattr(error, "errno", None) in _FULL:
        needed = f"; it takes up to {n_bytes / 1e6:.1f} MB" if n_bytes else ""
        reason = f"there is no space left for it ({reason}{needed})"
    return AudioFileError(f"{path} cannot be written: {reason}")
