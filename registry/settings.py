"""Settings: read once from the environment (`REGISTRY_*`), frozen, and handed to whoever needs them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting with its default; `continuity --help` names the ones people need."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", frozen=True, extra="forbid")

    state: Path = Field(default=Path(".continuity"), description="folder of the embedded database and the key file")
    database_url: str | None = Field(default=None, description="any PostgreSQL >= 15 instead of the embedded one")
    database_name: str = Field(default="postgres", description="the database on the embedded server")
    keyring: Path | None = Field(default=None, description="the key file; default: keyring.json in the state folder")
    pkcs11_module: Path | None = Field(
        default=None, description="PKCS#11 library; a token then holds the wrapping keys"
    )
    pkcs11_token: str = Field(default="continuity", description="label of the token")
    pkcs11_pin: Path = Field(default=Path("token.pin"), description="file with the token's PIN (mode 0600)")
    issuer: str = Field(default="https://registry.almara.example", description="who signs the summaries")
    name: str = Field(default="Continuity Registry of Almara", description="the issuer's name for people")
    public_url: str = Field(default="http://127.0.0.1:8000", description="where others reach this service")
    country: str = Field(default="XAL", description="the country this registry stands in (ISO 3166 alpha-3)")
    summary_days: int = Field(default=30, gt=0, description="how long a summary is valid")
    answer_seconds: float = Field(default=0.4, ge=0, description="every question is answered at this deadline")
    questions_at_once: int = Field(
        default=24, gt=0, description="questions worked on at once by one process; who comes beyond asks again"
    )
    user_questions: int = Field(default=300, gt=0, description="questions a day of one user of an organisation")
    organisation_questions: int = Field(default=3000, gt=0, description="questions a day of one organisation")
    target_questions: int = Field(default=30, gt=0, description="questions a day in vain about one set of names")
    user_emergencies: int = Field(default=3, gt=0, description="emergencies a day of one user, beside its questions")
    organisation_emergencies: int = Field(default=10, gt=0, description="emergencies a day of one organisation")
    target_emergencies: int = Field(default=3, gt=0, description="emergencies a day about one set of names; an alert")
    user_families: int = Field(default=40, gt=0, description="families a day that one user of a desk opens")
    organisation_families: int = Field(default=200, gt=0, description="families a day that one desk opens")
    fishing_alarm: float = Field(default=1.0, gt=0, description="how patient the alert is; 1 as measured")
    matching_weights: Path | None = Field(
        default=None, description="a file of `continuity train-matching`; otherwise the weights shipped"
    )
    vault_backup_days: int = Field(
        default=7, gt=0, le=30, description="how long a vault backup can be restored, and so erasure be undone by one"
    )
    host: str = Field(default="127.0.0.1", description="address the service listens on")
    port: int = Field(default=8000, ge=0, description="0 takes a free port")
    max_upload_bytes: int = Field(default=64 * 1024 * 1024, gt=0, description="largest file taken over HTTP")

    witnesses: dict[str, Path] = Field(
        default_factory=dict[str, Path], description="JSON: the address of each witness and the trust file it published"
    )

    schedules: dict[str, Path] = Field(
        default_factory=dict[str, Path],
        description="JSON: names of schedules and the places of their files",
    )

    @property
    def keyring_path(self) -> Path:
        return self.keyring or self.state / "keyring.json"

    @property
    def summary_lifetime(self) -> timedelta:
        return timedelta(days=self.summary_days)
