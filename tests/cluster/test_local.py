"""Ray for the length of a verb."""

import pytest
import ray

from cluster.local import ray_session
from shelftag.config.scaling import ScalingConfig
from shelftag.errors import InputError


def test_a_ray_that_does_not_start_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(**_: object) -> None:
        raise Exception("The current node timed out during startup.\nMore of it.")  # as Ray does

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", dies)
    with pytest.raises(InputError, match=r"on this machine \(The current node timed") as caught:
        ray_session(ScalingConfig()).__enter__()
    assert "\n" not in str(caught.value)
