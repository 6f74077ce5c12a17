"""What can go wrong, as one tree.

    ShelftagError
    +-- Refused            exit code 2: nothing was started
    |   +-- ConfigError        an unknown key, or a value that breaks a rule
    |   +-- InputError         a table, column, file or port that cannot be used
    |   '-- ArtifactError      a Dataset or Run that is missing, half-written or not ours
    '-- Failed             exit code 1: it ran, and stopped
        +-- AccountingError    rows in != rows out + dropped + rejected
        +-- InputChanged       a file is not what it was when the work began
        +-- TooManyRejects     more bad rows than `data.max_rejects` allows
        +-- TrainingFailed     the training run ended without a model
        '-- GateFailed         `compare`, `drift` or `tag` found more change than is allowed

Each carries the problem (with the value and the rule) and the way out, and survives pickling,
since workers raise them on other machines.
"""


class ShelftagError(Exception):
    """The root of everything shelftag raises on purpose."""

    exit_code = 1

    def __init__(self, problem: str, way_out: str) -> None:
        super().__init__(problem, way_out)
        self.problem = problem
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.problem}: {self.way_out}"


class Refused(ShelftagError):
    """Nothing was started: the request itself cannot work."""

    exit_code = 2


class ConfigError(Refused):
    """An unknown key, or a value that breaks a rule."""


class InputError(Refused):
    """A table, column, file or port that cannot be used."""


class ArtifactError(Refused):
    """A Dataset or Run that is missing, half-written or not ours."""


class Failed(ShelftagError):
    """The work started and stopped."""


class AccountingError(Failed):
    """Rows in are not rows out plus dropped plus rejected."""


class InputChanged(Failed):
    """A file is not what it was when the work began."""


class TooManyRejects(Failed):
    """More bad rows than `data.max_rejects` allows."""


class TrainingFailed(Failed):
    """The training run ended without a model."""


class GateFailed(Failed):
    """`compare`, `drift` or `tag` found more change than is allowed."""
