# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent lies in the server's folder alone, and goes if it cannot be kept."""

import asyncio
import errno
import tempfile

import httpx

from requinto_web import uploads
from requinto_web.app import create_app
from requinto_web.limits import Settings


def test_an_upload_that_cannot_be_saved_leaves_nothing(tmp_path, monkeypatch):
    app = create_app(Settings(tmp_path / "data"))
    services = app.state.services

    def fill(source, target, n_bytes):
        target.write(source.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")

    async def send():
        transport = httpx.ASGITransport(app)
        with services.store.open():
            await services.disk.measure()
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                return await client.post("/api/songs", files={"file": ("a.wav", b"12")})

    monkeypatch.setattr(uploads.shutil, "copyfileobj", fill)
    response = asyncio.run(send())
    assert response.status_code == 507 and "no room" in response.json()["detail"]
    assert not list((tmp_path / "data" / "songs").iterdir())


def test_an_upload_arrives_in_the_folder(tmp_path):
    before = tempfile.gettempdir()
    store = create_app(Settings(tmp_path / "data")).state.services.store
    with store.open():
        assert tempfile.gettempdir() == str(store.tmp)
    assert tempfile.gettempdir() == before
