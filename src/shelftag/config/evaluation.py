"""How a Run is measured."""

from pydantic import Field

from shelftag.config.section import Section


class EvaluationConfig(Section):
    """Read by `evaluate`, `compare` and `drift`."""

    price_per_hour: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    """What an hour of this machine costs, in any money; costs are shown in the same."""

    untuned_rows: int = Field(default=300, ge=0)
    """Test products that the base is asked for before tuning, zero-shot; 0 leaves it out."""

    speed: bool = True
    """Measure names/s and memory of each model, each in a process of its own."""

    learning_curve: bool = True
    """Measure what more labels would bring, and in which order to ask for them."""

    suspects: bool = True
    """Look for products that are filed wrongly."""

    max_regression: float = Field(default=0.05, ge=0, le=1)
    """`compare` fails where a department's recall or precision falls by more than this; 1 lets
    everything pass, a fall of accuracy and lost departments, too."""

    max_psi: float = Field(default=0.25, ge=0, allow_inf_nan=False)
    """`drift` fails where a population stability index is above this."""
