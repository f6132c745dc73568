"""What an operator may set, by `DUOLOGUE_*` environment variables or options of the command line.

Every field is documented in docs/reference/settings.md, which is generated from here.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All settings, with defaults that need no account, key or network."""

    model_config = SettingsConfigDict(env_prefix="DUOLOGUE_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder that holds everything that the program writes.")
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of PostgreSQL (`postgresql+asyncpg://…`); empty means SQLite in the data folder.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8600, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field("", description="Address under which people reach the server, where a proxy stands before it.")
    embed_origins: str = Field(
        "", description="Other sites that may show the chat in a frame, such as `https://shop.example`, separated by blanks."
    )
    secure_cookies: bool = Field(False, description="Send cookies over HTTPS only; set it behind a TLS proxy.")
    sample: bool = Field(True, description="Prepare the sample workspace when the database is empty.")
    log_level: str = Field("INFO", description="Least severity that is logged.")

    engine: Literal["local", "remote", "scripted", "none"] = Field(
        "local",
        description="Where answers come from: the embedded model, an OpenAI-compatible server, a script for tests, or nothing.",
    )
    model_dir: str = Field("", description="Checkpoint folder for the local engine; empty means the embedded model.")
    model_precision: Literal["auto", "fp32", "fp16", "int8"] = Field(
        "auto", description="How a local model keeps its weights; auto measures at load and takes int8 where it is clearly faster."
    )
    model_threads: int = Field(1, ge=1, le=16, description="Threads on which a local model computes.")
    model_adapters: str = Field("", description="LoRA adapters of the local model, `name=folder` separated by commas.")
    model_draft: str = Field("", description="Folder of a smaller model of the same vocabulary that guesses for the local one.")
    remote_base_url: str = Field("", description="Base URL of an OpenAI-compatible server, ending in /v1.")
    remote_api_key: SecretStr = Field(SecretStr(""), description="Key for the remote server.")
    remote_model: str = Field("", description="Model name at the remote server.")
    remote_timeout_s: float = Field(60.0, gt=0, description="Seconds until an unanswered remote request counts as failed.")
    scripted_path: str = Field("", description="JSON file with the replies of the scripted engine.")
    api_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys that `serve --engine-only` asks for, separated by blanks; empty: none, on 127.0.0.1 only.",
    )
    voice_hear: str = Field(
        "",
        description="What turns speech into text: a folder with a Whisper model for faster-whisper, or the base URL of a server "
        "with OpenAI's audio routes, ending in /v1. Empty: there is no microphone.",
    )
    voice_hear_model: str = Field("whisper-1", description="Model that such a server hears with.")
    voice_say: str = Field(
        "",
        description="What reads answers aloud: `espeak-ng`, or the base URL of such a server. Empty: the browser's own voices.",
    )
    voice_say_model: str = Field("tts-1", description="Model that such a server speaks with.")
    voice_say_voice: str = Field("alloy", description="Its voice; or one for each language: `en=alloy,zh=nova`.")
    voice_api_key: SecretStr = Field(SecretStr(""), description="Key for such a server.")
    mcp_servers: str = Field("", description="JSON file that names MCP servers whose tools the assistant may use.")

    learn_lora_rank: int = Field(
        16, ge=0, le=256, description="Rank of the adapters with which learning fine-tunes; 0 changes all weights."
    )
    learn_torchrun: str = Field(
        "",
        description="Options of torchrun where learning takes several processes, such as `--standalone --nproc-per-node 2`.",
    )
    autopilot_threshold: float = Field(0.8, ge=0, le=1, description="Least calibrated confidence for an answer without approval.")
    lease_s: float = Field(1800.0, gt=0, description="Seconds that a takeover holds without activity.")
    turn_timeout_s: float = Field(90.0, gt=0, description="Seconds after which a running turn is handed over.")
    rate_limits: bool = Field(True, description="Slow down clients that ask too often; off for measurements only.")
    max_message_chars: int = Field(20_000, gt=0, description="Longest message that is accepted.")
    max_upload_bytes: int = Field(20_000_000, gt=0, description="Largest file that is accepted.")

    health_emergency_number: str = Field(
        "120 / 911 / 999 / 112", description="Number that patients are told to call in an emergency."
    )
    health_page_s: float = Field(
        60.0, gt=0, description="Seconds after which an escalation that nobody acknowledged is paged again."
    )
    health_fhir_url: str = Field("", description="FHIR R4 server that signed records may be pushed to; empty means nowhere.")
    health_fhir_token: SecretStr = Field(SecretStr(""), description="Bearer token of the FHIR server.")
    health_literature: bool = Field(
        False, description="Whether researchers may ask PubMed and Europe PMC; queries then leave the machine."
    )
    health_may_leave: bool = Field(
        False, description="Whether what patients write may go to a model on another machine; it goes without personal data then."
    )
    health_care_days: int = Field(
        90,
        ge=0,
        description="Days after a patient's last closed consultation until members' care for him ends; 0 leaves it to them.",
    )
    health_reason_hours: int = Field(
        24, gt=0, description="Hours for which a reason opens the talks and the record of a patient who is in nobody's care here."
    )
    health_retention_days: int = Field(
        1095, gt=0, description="Days after which drafts of records that nobody signed are dropped; signed records stay."
    )
    health_retention_talks_days: int = Field(
        0, ge=0, description="Days after a patient's last closed consultation until everything of his is erased; 0 keeps it."
    )
    health_retention_records_days: int = Field(
        0,
        ge=0,
        description="The same for a patient with a signed record, if longer; 0 keeps him. Who is on hold is kept in any case.",
    )
    health_retention_audit_days: int = Field(
        0,
        ge=0,
        description="Days after which links of the clinic's audit are dropped; 0 keeps them all, as laws on records often ask.",
    )

    @property
    def resolved_database_url(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'duologue.db').resolve()}"


def find_misspelt(names: Iterable[str]) -> dict[str, str]:
    """Environment variables that look like settings and are none, each with the setting that was probably meant (or empty)."""
    known = {name.upper() for name in Settings.model_fields}
    wrong = sorted(n for n in names if n.startswith(PREFIX) and n not in NO_SETTINGS and n.removeprefix(PREFIX) not in known)
    meant = {name: get_close_matches(name.removeprefix(PREFIX), known, n=1) for name in wrong}
    return {name: PREFIX + close[0] if close else "" for name, close in meant.items()}


PREFIX = "DUOLOGUE_"
NO_SETTINGS = {"DUOLOGUE_SHARED_DATA"}
"""Names that mean something to the tests and measurements alone."""
