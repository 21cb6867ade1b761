# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with files, and the root of all our errors."""


class RequintoError(Exception):
    """Anything Requinto raises on purpose."""


class AudioFileError(RequintoError, ValueError):
    """A file that cannot be read as sound, or a path that cannot be written."""


def reason_of(error: Exception) -> str:
    """Return why something failed, without the number and the file's name.

    Those of the system and of libsndfile say both, which a message says already.
    """
    for attribute in ("error_string", "strerror"):
        if reason := getattr(error, attribute, None):
            return str(reason)
    return str(error)
