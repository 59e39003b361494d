"""A server that can misbehave, params that let it be asked, and a client with them."""

import asyncio
from collections.abc import Callable, Iterator

import msgspec
import pytest

from mmgic.download.bodies import MemoryBody
from mmgic.download.client import Answer, Client, Terms
from mmgic.download.content import ENCODINGS
from mmgic.schema.params import FetchParams, Params
from tests.unit.download.server import Server

Settings = Callable[..., FetchParams]
Asked = Callable[..., tuple[Answer, bytes]]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without pages."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def settings(params: Params) -> Settings:
    """The project's `fetch` params, private addresses allowed, short waits; any field of it or of `download` can be given."""

    def made(**values: object) -> FetchParams:
        download = {"backoff_s": 0.01, "idle_timeout_s": 5.0, "trust_env": False, "per_host": 64, **values}
        own = {name: download.pop(name) for name in list(download) if name in FetchParams.__struct_fields__}
        return msgspec.structs.replace(
            params.fetch,
            **{"allow_private": True, "min_picture_side_px": 1, **own},
            download=msgspec.structs.replace(params.fetch.download, **download),
        )

    return made


@pytest.fixture(scope="session")
def asked(settings: Settings) -> Asked:
    """Asks for one URL with a client of its own: the answer and the bytes that came."""

    def answer(url: str, terms: Terms | None = None, **values: object) -> tuple[Answer, bytes]:
        params = settings(**values)
        wanted = terms or Terms(params.max_picture_bytes, params.download.timeout_s, encodings=ENCODINGS)

        async def once() -> tuple[Answer, bytes]:
            body = MemoryBody()
            async with Client(params) as client:
                return await client.download(url, body, wanted), body.data

        return asyncio.run(once())

    return answer
