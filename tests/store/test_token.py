"""Wrapping keys behind PKCS#11, in a token of SoftHSM: they are made there, and never leave it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry.errors import KeyProblem
from registry.flows import opening, rotation
from registry.settings import Settings
from registry.store import keyfile
from registry.store.token import TokenWrapping
from registry.trust import keyring
from tests.store import rows
from tests.support import readable
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio

MODULES = [Path(each) for each in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")]
PIN = "48151623"
LABELS = [f"continuity-{number}" for number in range(8)]


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """The library, and tokens nobody has used yet: it looks for tokens once in a process."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    module = next((each for each in MODULES if each.exists()), None)
    if module is None or not shutil.which("softhsm2-util"):
        pytest.skip("SoftHSM is not installed; install it with: make test-deps")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        for label in LABELS:
            command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", PIN, "--pin", PIN]
            subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
        yield module, list(LABELS)


@pytest.fixture
def token(tokens: tuple[Path, list[str]], tmp_path: Path) -> TokenWrapping:
    """A token of the test's own, and a key file without wrapping keys."""
    module, unused = tokens
    pin, path = tmp_path / "token.pin", tmp_path / "keyring.json"
    pin.write_text(PIN + "\n")
    pin.chmod(0o600)
    keyfile.load_or_make(path, today=rows.today(), epochs=0)
    return TokenWrapping(module=module, label=unused.pop(), pin=pin, before=keyfile.FileWrapping(path))


def settings_of(token: TokenWrapping, url: str | None) -> Settings:
    folder = token.pin.parent
    held = {"pkcs11_module": token.module, "pkcs11_token": token.label, "pkcs11_pin": token.pin}
    return Settings(state=folder, database_url=url, answer_seconds=0, **held)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def settings(token: TokenWrapping, cluster: Cluster, tmp_path: Path) -> Iterator[Settings]:
    """An empty database, whose first start finds the token empty too."""
    (tmp_path / "database").mkdir()
    with cluster.clone(tmp_path / "database", template="template0") as empty:
        yield settings_of(token, empty.database_url)


def test_every_epoch_of_every_generation_has_a_key_of_its_own_and_the_same_one_each_time(token: TokenWrapping) -> None:
    assert token.generations() == frozenset()
    for generation in (1, 2, 2):
        token.add(generation, today=rows.today())
    assert token.generations() == {1, 2}
    names = [(generation, epoch) for generation in (1, 2) for epoch in (690, 691)]
    drawn = [token.key(*name) for name in names]
    assert len(set(drawn)) == 4
    assert {len(each) for each in drawn} == {32}
    assert [token.key(*name) for name in names] == drawn
    token.drop(before=2)
    assert token.generations() == {2}
    with pytest.raises(KeyProblem, match="no wrapping key of generation 1"):
        token.key(1, 690)
    assert token.key(2, 691) == drawn[3]


def test_the_token_does_not_give_its_secret_away(token: TokenWrapping) -> None:
    import pkcs11

    token.add(1, today=rows.today())
    with token._session() as session:  # pyright: ignore[reportPrivateUsage]
        (held,) = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})
        assert (held[pkcs11.Attribute.SENSITIVE], held[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.AttributeSensitive):
            held[pkcs11.Attribute.VALUE]


async def test_a_registry_lives_on_a_token_and_is_closed_without_it(settings: Settings, token: TokenWrapping) -> None:
    async with opening.opened(settings) as registry:
        async with registry.database.transaction() as tx:
            await rows.put(tx, (await rows.open_dossier(tx)).id, b'{"resourceType":"Patient","id":"a"}')
        before = await readable.everything(registry)
    assert keyfile.load(settings.keyring_path).wrapping == {}
    assert token.generations() == {1}
    async with opening.opened(settings) as registry:
        assert await readable.everything(registry) == before
    without = settings.model_copy(update={"pkcs11_module": None})
    with pytest.raises(KeyProblem, match="not the one that sealed"):
        async with opening.opened(without):
            pass
    assert keyfile.load(settings.keyring_path).wrapping == {}


async def test_keys_rotate_inside_the_token(settings: Settings, token: TokenWrapping) -> None:
    async with opening.opened(settings) as registry:
        async with registry.database.transaction() as tx:
            await rows.open_dossier(tx)
        before = await readable.everything(registry)
        rotated = await rotation.rotate(registry)
        assert (rotated.generation, rotated.finished) == (2, True)
        assert await readable.everything(registry) == before
    assert token.generations() == {2}


async def test_a_rotation_takes_a_registry_from_its_key_file_into_a_token(
    settings: Settings, token: TokenWrapping
) -> None:
    settings.keyring_path.unlink()
    in_file = settings.model_copy(update={"pkcs11_module": None})
    async with opening.opened(in_file) as registry:
        async with registry.database.transaction() as tx:
            await rows.open_dossier(tx)
        before = await readable.everything(registry)
    assert set(keyfile.load(settings.keyring_path).wrapping) == {1}
    async with opening.opened(settings) as registry:
        assert await readable.everything(registry) == before  # both are read
        assert (await rotation.rotate(registry)).finished
        assert await readable.everything(registry) == before
    assert keyfile.load(settings.keyring_path).wrapping == {}
    assert token.generations() == {2}


async def test_the_key_file_of_a_token_needs_no_wrapping_keys_later_either(token: TokenWrapping) -> None:
    path = token.pin.with_name("keyring.json")
    before = keyfile.load(path)
    later = rows.today() + timedelta(days=4000)
    assert keyfile.load_or_make(path, today=later, epochs=0) == before == keyring.without_wrapping(before)


@pytest.mark.parametrize("wrong", ["the PIN", "the label", "the library", "a PIN that is open", "no PIN"])
def test_a_token_that_cannot_be_used_is_named_with_what_to_do(
    tokens: tuple[Path, list[str]], tmp_path: Path, wrong: str
) -> None:
    pin = tmp_path / "token.pin"
    if wrong != "no PIN":
        pin.write_text("00000000" if wrong == "the PIN" else PIN)
        pin.chmod(0o644 if wrong == "a PIN that is open" else 0o600)
    used = TokenWrapping(module=tokens[0], label=LABELS[0], pin=pin, before=keyfile.FileWrapping(tmp_path))
    unfit = {"the label": {"label": "nobody"}, "the library": {"module": tmp_path / "none.so"}}
    with pytest.raises(KeyProblem) as raised:
        replace(used, **unfit.get(wrong, {})).generations()  # type: ignore[arg-type]
    assert raised.value.where
    assert PIN not in f"{raised.value!r} {raised.value.what} {raised.value.remedy}"
