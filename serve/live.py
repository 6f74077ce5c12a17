"""What may change while the endpoint answers: Serve's `user_config`."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ConfigError

RunPlace = Annotated[str, BeforeValidator(lambda run: str(run) if isinstance(run, Path) else run)]
"""A Run's folder, or its URI."""


class LiveConfig(BaseModel):
    """No copy is restarted for a change of it; what is left out is as the endpoint was started."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: RunPlace | None = None
    """The Run that answers where a request names none: the champion."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    """Confidence below which a tag is for review."""
    top_k: int | None = Field(default=None, ge=1)
    """Departments named for a product."""
    challenger: RunPlace | None = None
    """A Run that is asked beside the champion, and whose answers are only counted."""
    challenger_share: float = Field(default=0.1, gt=0, le=1)
    """Share of requests it is asked."""

    @field_validator("run", "challenger")
    @classmethod
    def _absolute(cls, run: str | None) -> str | None:
        """Relative to what would be a copy's own affair: its folder is not that of who deploys."""
        if run is not None and "://" not in run and not Path(run).is_absolute():
            raise ValueError("the path is relative; name the Run by its full path or URI")
        return run


def live_config(given: dict[str, Any] | None) -> LiveConfig:
    """A `user_config`, checked.

    Raises:
        ConfigError: naming each key, value and rule.
    """
    try:
        return LiveConfig.model_validate(given or {})
    except ValidationError as error:
        rules = "; ".join(
            f"{'.'.join(map(str, one['loc']))} = {one['input']!r}: {one['msg']}"
            for one in error.errors()
        )
        raise ConfigError(f"user_config breaks a rule: {rules}", "mend it and deploy") from None


def settings_only(given: dict[str, Any] | None) -> LiveConfig:
    """Threshold and top_k of a `user_config` whose Runs cannot be used, where they are fine."""
    try:
        live = live_config(given)
    except ConfigError:
        return LiveConfig()
    return LiveConfig(threshold=live.threshold, top_k=live.top_k)


def tagging_config(live: LiveConfig, started_with: TaggingConfig) -> TaggingConfig:
    """How names become tags now."""
    changes = {"threshold": live.threshold, "top_k": live.top_k}
    given = {name: value for name, value in changes.items() if value is not None}
    return started_with.model_copy(update=given)
