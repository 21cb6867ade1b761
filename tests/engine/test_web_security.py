# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server answers to its own names, and changes nothing for other sites."""

import pytest

OWN, OTHER = "{url}", "http://evil.example"


@pytest.fixture(scope="module")
def server(web):
    return web


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:8000", True),
        ("192.168.1.7:8000", True),  # no name can be given to another address
        ("my.example", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:8000", False),
        ("localhost@evil.example", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_only_own_names_are_answered(server, host, is_known):
    for path in ("/api/options", "/", "/openapi.json"):
        response = server.client.get(path, headers={"host": host})
        assert (response.status_code != 400) == is_known
        if not is_known:
            assert "the header Host names another server" in response.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "is_accepted"),
    [
        ({}, True),
        ({"origin": OWN}, True),
        ({"origin": OTHER}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost.evil.example"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://proxy.example"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": OWN}, False),
    ],
)
def test_other_sites_change_nothing(server, headers, is_accepted):
    headers = {name: text.format(url=server.url) for name, text in headers.items()}
    requests = [
        server.client.post("/api/songs", headers=headers),
        server.client.delete("/api/songs/none", headers=headers),
        server.client.patch("/api/extractions/none", json={}, headers=headers),
        server.client.post("/api/songs/none/extractions", json={}, headers=headers),
    ]
    for response in requests:
        assert (response.status_code != 403) == is_accepted
        if not is_accepted:
            assert "pages of other sites" in response.json()["detail"]
    assert server.client.get("/api/options", headers=headers).is_success


def test_answers_say_how_browsers_must_behave(server):
    paths = ("/api/options", "/", "/assets/none", "/api/songs/none", "/nowhere")
    responses = [
        *(server.client.get(path) for path in paths),
        server.client.get("/api/options", headers={"host": "evil.example"}),
    ]
    for response in responses:
        headers = response.headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        if response.request.url.path.startswith("/api"):
            assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/api", "/api/songs", "/.env"])
def test_there_is_nothing_else(server, path):
    response = server.client.get(path)
    assert response.status_code in (404, 405)
    assert set(response.json()) == {"detail"}


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../security.py",
        "/assets/..%2fsecurity.py",
        "/assets/%2e%2e/%2e%2e/security.py",
        "/assets//etc/passwd",
        "/assets/index.html%00.js",
        "/api/songs/..%2f..%2ftmp",
        "/api/songs/%00/sound",
        "/api/extractions/../../lock",
    ],
)
def test_no_path_reaches_the_disk(server, path):
    response = server.client.send(server.client.build_request("GET", server.url + path))
    assert response.status_code == 404
    assert "root:" not in response.text and "SPDX" not in response.text


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=b"]
)
def test_what_is_no_upload_is_small(server, kind):
    """Whatever the client calls it."""
    content = b'{"target": "' + bytes(1 << 20) + b'"}'
    for path, method in (
        ("/api/songs/none/extractions", "POST"),
        ("/api/extractions/none", "PATCH"),
    ):
        response = server.client.request(
            method, path, content=content, headers={"content-type": kind}
        )
        assert response.status_code == 413
        assert response.json()["detail"].endswith("65536 bytes at most")
