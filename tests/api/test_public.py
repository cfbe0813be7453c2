"""What anybody may read, and how the service says that it cannot work."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from psycopg import sql

from registry.settings import Settings
from registry.store import dossiers
from tests.api import conftest
from tests.api.conftest import Service
from tests.support import builders
from tests.support.builders import CLINIC, UNKNOWN
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio


class Links(HTMLParser):
    """Every address a page would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loads = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
        self.found += [value or "" for name, value in attrs if name == loads.get(tag)]


async def test_the_service_says_that_it_runs_and_that_it_is_ready(service: Service) -> None:
    assert (await service.call("GET", "/healthz")).json() == {"status": "ok"}
    assert (await service.call("GET", "/readyz")).json() == {"status": "ready"}


async def test_the_capability_statement_says_what_it_is(service: Service) -> None:
    stated = (await service.call("GET", "/metadata")).json()
    assert (stated["resourceType"], stated["fhirVersion"], stated["status"]) == (
        "CapabilityStatement",
        "4.0.1",
        "active",
    )
    routes = {path for path in service.app.openapi()["paths"] if path.startswith("/v1/")}
    named = set(re.findall(r"/v1/[a-z]+", json.dumps(stated)))
    assert named <= routes
    assert {"/v1/questions", "/v1/submissions", "/v1/consents"} <= named


async def test_the_documentation_loads_nothing_from_elsewhere(service: Service) -> None:
    page = await service.call("GET", "/docs")
    assert page.status_code == 200
    addresses = Links(page.text).found
    assert addresses
    assert [each for each in addresses if urlsplit(each).netloc] == []
    for each in addresses:
        loaded = await service.call("GET", each)
        assert loaded.status_code == 200, each
        assert loaded.content
    hosts = re.findall(r"""(?:src|href|url|import|fetch)\s*[=(:]\s*["']?(https?://[^"' ]+)""", page.text)
    assert hosts == []


async def test_the_description_of_the_service_describes_every_answer_of_v1(service: Service) -> None:
    described = (await service.call("GET", "/openapi.json")).json()
    assert described["openapi"].startswith("3.")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), (method, path)


async def test_the_checkpoint_is_there_once_something_happened(service: Service) -> None:
    assert (await service.call("GET", "/checkpoint")).status_code == 404
    await service.post("/v1/people", CLINIC, person={"given": UNKNOWN.given}, patient="1")
    for _ in range(100):
        answered = await service.call("GET", "/checkpoint")
        if answered.status_code == 200:
            break
        await asyncio.sleep(0.05)
    assert answered.headers["content-type"].startswith("text/plain")
    assert "/audit\n1\n" in answered.text


async def test_the_match_worker_links_without_being_asked(service: Service) -> None:
    await builders.hand_over(service.world, builders.VACCINES, *builders.health_of(builders.ZAHOUANIA))
    await builders.hand_over(service.world, builders.SCHOOLS, *builders.schooling_of(builders.ZAHOUANIA))
    for _ in range(100):
        async with service.world.registry.database.transaction() as tx:
            persons = [each.members for each in await dossiers.everyone(tx) if each.source != "registry"]
        if any(len(each) == 2 for each in persons):
            return
        await asyncio.sleep(0.05)
    pytest.fail("nobody was linked in five seconds")


async def test_without_its_database_the_service_says_so_and_stays_up(cluster: Cluster, tmp_path: Path) -> None:
    """Its connections are cut and no new one is let in; when it is let in again, it works again."""
    with cluster.clone(tmp_path) as settings:
        name = urlsplit(str(settings.database_url).replace("@/", "@x/")).path.lstrip("/")
        async with conftest.serving(settings) as service:
            cluster.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
            cluster.execute(
                sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name)
            )
            started = time.monotonic()
            ready = await service.call("GET", "/readyz")
            assert time.monotonic() - started < 3, "a probe waits no longer than a few seconds"
            assert ready.status_code == 503
            assert ready.json()["resourceType"] == "OperationOutcome"
            assert ready.json()["issue"][0]["code"] == "transient"
            assert (await service.call("GET", "/healthz")).status_code == 200
            cluster.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
            for _ in range(100):
                if (await service.call("GET", "/readyz")).status_code == 200:
                    return
                await asyncio.sleep(0.1)
            pytest.fail("the service did not come back")


# --- a real server ---------------------------------------------------------------------------------


@pytest.fixture
def address(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """`continuity serve --port 0` as a process of its own, on the loopback address."""
    environment = {
        "REGISTRY_DATABASE_URL": str(settings.database_url),
        "REGISTRY_KEYRING": str(settings.keyring),
        "REGISTRY_STATE": str(tmp_path),
        "REGISTRY_ANSWER_SECONDS": "0",
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "200",
    }
    command = [str(Path(sys.executable).with_name("continuity")), "serve", "--port", "0"]
    log = tmp_path / "log"
    with log.open("wb") as errors:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True)
        try:
            assert running.stdout is not None
            told = running.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", told)
            assert found, told + log.read_text()
            yield found[0]
        finally:
            running.terminate()
            assert running.wait(timeout=20) in (0, -15), log.read_text()
            running.stdout.close() if running.stdout else None
    assert "Traceback" not in log.read_text()
    assert builders.found(log.read_text(), (UNKNOWN.given, UNKNOWN.family)) == []


async def test_the_service_runs_as_a_process_and_answers_on_the_loopback_address(
    settings: Settings, address: str
) -> None:
    async with builders.world(settings) as world:
        key = world.keys[CLINIC]
    with httpx.Client(base_url=address, timeout=20) as client:
        waiting_until(client, "/readyz")
        person = {"given": UNKNOWN.given, "family": UNKNOWN.family, "birth": "2019"}
        asking = {"Authorization": f"Bearer {key}", "Desk-User": "desk-1"}
        answered = client.post("/v1/questions", json={"person": person, "grounds": "treatment"}, headers=asking)
        assert (answered.status_code, answered.json()["resourceType"]) == (404, "OperationOutcome")
        assert "server" not in answered.headers
        assert client.get("/metadata").json()["fhirVersion"] == "4.0.1"
        assert client.post("/v1/questions", json={"person": person}).status_code == 401
    port = urlsplit(address).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=10) as raw:
        raw.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 400")


def waiting_until(client: httpx.Client, path: str) -> None:
    for _ in range(200):
        try:
            if client.get(path).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"{path} did not answer in ten seconds")
