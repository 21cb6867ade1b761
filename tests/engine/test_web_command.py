# SPDX-License-Identifier: GPL-3.0-or-later
"""`requinto serve` says what it needs, where it is, and what is wrong."""

import socket
import sys
from pathlib import Path

import pytest

from requinto.errors import RequintoError
from requinto_command import serving
from requinto_web import server
from requinto_web.limits import Settings
from requinto_web.store import Store


def test_the_extra_is_named_where_it_is_missing(run, monkeypatch):
    monkeypatch.setattr(serving, "is_installed", lambda name: name != "uvicorn")
    assert run("serve") == (
        2,
        "",
        "requinto: not installed: uvicorn; pip install 'requinto[web]' brings what "
        "the server needs\n",
    )


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--port", "99999", "less than or equal to 65535, got '99999'"),
        ("--port", "http", "a valid integer"),
        ("--max-size", "0", "--max-size must be above 0 and below 1e+06, got 0"),
        ("--max-duration", "-1", "--max-duration must be above 0"),
        ("--keep", "nan", "--keep must be above 0 and below 1e+06, got nan"),
        ("--max-disk", "inf", "--max-disk must be above 0 and below 1e+06, got inf"),
        ("--allow-host", "http://a.b/", "such as music.example.org, without a port"),
        ("--folder", "/dev/null", "/dev/null"),
        ("--host", "no such host", "no such host"),
        ("--host", "203.0.113.1", "203.0.113.1"),
    ],
)
def test_what_is_not_accepted_ends_with_one_line(run, option, value, message):
    status, out, err = run("serve", option, value)
    assert (status, out) == (2, "")
    assert err.startswith("requinto: ") and err.count("\n") == 1
    assert message in err


def test_a_port_in_use_is_said(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        status, out, err = run("serve", "--port", port, "--folder", tmp_path / "data")
    assert (status, out) == (2, "")
    assert err == (
        f"requinto: 127.0.0.1:{port} cannot be served: Address already in use; choose "
        "another --port, 0 for any that is free, or --host\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_folder_has_one_server(run, web):
    status, out, err = run("serve", "--port", "0", "--folder", web.folder)
    assert (status, out) == (2, "")
    assert err.endswith("is used by another server; name another one with --folder\n")
    assert web.client.get("/api/options").is_success


def test_others_can_reach_it_only_if_that_is_wanted(run, monkeypatch):
    calls = []

    def answer(*arguments):
        calls.append(arguments)
        arguments[-1]("http://there:8000")

    monkeypatch.setattr(server, "serve", answer)
    assert run("serve") == (0, "Requinto is at http://there:8000\n", "")
    status, _, err = run("serve", "--host", "0.0.0.0", "--allow-host", "music.example")
    assert status == 0
    assert err.startswith(
        "requinto: warning: whoever reaches http://there:8000 can use it"
    )
    (local, host, port, _), (public, *_) = calls
    assert (host, port) == ("127.0.0.1", 8000)
    assert local.hosts == ("127.0.0.1",)
    assert public.hosts == ("0.0.0.0", socket.gethostname(), "music.example")


def test_options_become_settings(run, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr("requinto_web.server.serve", lambda *a: calls.append(a))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run("serve")
    options = ("--max-size", 1.5, "--max-duration", 2, "--keep", 0.5, "--max-disk", 3)
    run("serve", *options, "--folder", "songs")
    (default, *_), (chosen, *_) = calls
    assert chosen[0:1] == (Path("songs"),)
    assert chosen.max_bytes == 1_500_000 and chosen.max_duration_s == 120
    assert chosen.kept_s == 1800 and chosen.max_disk_bytes == 3_000_000_000
    assert default.kept_s == 24 * 3600 and default.max_bytes == 200_000_000
    if sys.platform == "linux":
        assert default.folder == tmp_path / "cache" / "requinto" / "web"


def test_an_address_of_ipv6_is_written_as_one(tmp_path, monkeypatch):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no address of IPv6")
    addresses = []
    monkeypatch.setattr(server._Server, "run", lambda self, sockets: self._announce())
    server.serve(Settings(tmp_path / "data"), "::1", 0, addresses.append)
    assert addresses[0].startswith("http://[::1]:")


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(RequintoError, match="cannot be used"),
        Store(tmp_path / "file").open(),
    ):
        pass
