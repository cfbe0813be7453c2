"""Wrapping keys behind PKCS#11: a token derives them, and what it derives them from never leaves it.

Each generation is one secret object in the token, made there, sensitive and not extractable. The wrapping key of an
epoch is the HMAC-SHA-256 of its number under it, asked for when it is needed and remembered as any other
(`registry.store.wrapping`); so a stolen disk, key file and all, opens nothing without the token and its PIN. The
session is closed at once: between two questions nobody is logged in.

Generations of the key file from before there was a token are read until a rotation has replaced them. The token is
backed up by its own means: an exported key file holds nothing of it. Needs python-pkcs11 (the extra `pkcs11`).
"""

from __future__ import annotations

import importlib
import re
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from registry.errors import KeyProblem
from registry.store.wrapping import Wrapping

_NAME = "continuity-wrapping-"
_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWrapping:
    """The token `label`, reached through the library `module` with the PIN in the file `pin` (mode 0600).

    `before` is where the wrapping keys lay before there was a token.
    """

    module: Path
    label: str
    pin: Path
    before: Wrapping

    def key(self, generation: int, epoch: int) -> bytes:
        with self._session() as session:
            held = self._objects(session).get(generation)
            if held is not None:
                hmac = _pkcs11().Mechanism.SHA256_HMAC
                return bytes(held.sign(f"continuity:epoch:{generation}:{epoch}".encode(), mechanism=hmac))
        return self.before.key(generation, epoch)

    def generations(self) -> frozenset[int]:
        with self._session() as session:
            return frozenset(self._objects(session)) | self.before.generations()

    def add(self, generation: int, *, today: date) -> None:  # noqa: ARG002 - a token knows every epoch
        pkcs11 = _pkcs11()
        with self._session(writing=True) as session:
            if generation in self._objects(session):
                return
            session.generate_key(
                pkcs11.KeyType.GENERIC_SECRET,
                _BITS,
                label=f"{_NAME}{generation}",
                store=True,
                capabilities=pkcs11.MechanismFlag.SIGN,
                template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
            )

    def drop(self, *, before: int) -> None:
        with self._session(writing=True) as session:
            for generation, held in self._objects(session).items():
                if generation < before:
                    held.destroy()
        self.before.drop(before=before)

    def _objects(self, session: Any) -> dict[int, Any]:
        pkcs11 = _pkcs11()
        found = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})
        named = [(re.fullmatch(rf"{_NAME}(\d+)", each.label or ""), each) for each in found]
        return {int(name[1]): each for name, each in named if name}

    @contextmanager
    def _session(self, *, writing: bool = False) -> Generator[Any]:
        pkcs11, pin = _pkcs11(), _pin(self.pin)
        try:
            token = pkcs11.lib(str(self.module)).get_token(token_label=self.label)
            with token.open(rw=writing, user_pin=pin) as session:
                yield session
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise KeyProblem(
                f"the token of the wrapping keys cannot be used ({type(error).__name__})",
                where=f"{self.module}, token {self.label}",
                remedy="see that it is plugged in and initialised, and that REGISTRY_PKCS11_PIN names its PIN",
            ) from None


def _pkcs11() -> Any:
    try:
        return importlib.import_module("pkcs11")
    except ModuleNotFoundError:
        raise KeyProblem(
            "the wrapping keys lie in a token, and python-pkcs11 is not installed",
            remedy="install the extra: pip install 'continuity-registry[pkcs11]'",
        ) from None


def _pin(path: Path) -> str:
    try:
        mode, text = stat.S_IMODE(path.stat().st_mode), path.read_text().strip()
    except OSError as error:
        raise KeyProblem(f"the PIN of the token cannot be read ({error.strerror})", where=str(path)) from None
    if mode & 0o077:
        raise KeyProblem(f"the PIN is open to others (mode {mode:04o})", where=str(path), remedy="chmod 0600 it")
    return text
