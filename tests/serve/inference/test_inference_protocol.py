"""The Open Inference Protocol: requests as the specification shapes them, and the official client.

https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from serve import loading
from serve.inference import whole
from serve.inference.tensors import HEADER, pack_bytes
from serve.routes import api, inference_protocol
from shelftag.artifacts import Run, write_json
from shelftag.catalog.departments import Departments
from shelftag.config.serve import ServeConfig
from shelftag.tagging.calibration import Calibration, save_calibration
from shelftag.tagging.identity import CheckedRun, check_run, run_fingerprint
from tests.evaluation.made import LABELS, manifest
from tests.network import listening
from tests.serve.local_client import local_client
from tests.serve.made_service import CARD, MadeService
from tests.serve.test_routes import is_event_loops

LIMIT = 5
INFER = f"/v2/models/{CARD.name}/infer"


@pytest.fixture(scope="module")
def application() -> tuple[MadeService, TestClient]:
    """Made once: FastAPI takes a while to read all routes."""
    service = MadeService()
    return service, local_client(api(service, ServeConfig(max_products=LIMIT)))


@pytest.fixture
def service(application: tuple[MadeService, TestClient]) -> MadeService:
    application[0].asked.clear()
    return application[0]


@pytest.fixture
def client(application: tuple[MadeService, TestClient]) -> TestClient:
    return application[1]


def tensor(data: Any = ("Milk",), name: str = "name", **changes: Any) -> dict[str, Any]:
    """An input of a request, in JSON."""
    rows = len(data) if isinstance(data, Sequence) else 1
    made = {"name": name, "shape": [rows], "datatype": "BYTES", "data": data}
    return {key: value for key, value in (made | changes).items() if value is not None}


def refused(client: TestClient, body: Any, **headers: str) -> tuple[int, str]:
    """The status and the message of a request that is not answered."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(INFER, content=content, headers=headers)
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    return answer.status_code, answer.json()["error"]


def test_a_server_and_its_model_describe_themselves(client: TestClient) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    metadata = client.get("/v2/models/made").json()
    assert metadata["versions"] == ["fingerprint"]
    assert metadata["inputs"][0] == {"name": "name", "datatype": "BYTES", "shape": [-1]}
    assert [output["name"] for output in metadata["outputs"]] == [
        "department",
        "confidence",
        "status",
    ]
    assert client.get("/v2/models/made/versions/fingerprint").json() == metadata
    for path in ("made/ready", "made/versions/fingerprint/ready"):
        assert client.get(f"/v2/models/{path}").json() == {"name": "made", "ready": True}


def test_a_request_of_the_specification_is_answered(
    client: TestClient, service: MadeService
) -> None:
    body = {"id": "42", "inputs": [tensor(["Milk", "Cat  FOOD"])]}
    answer = client.post(INFER, json=body)
    assert answer.json() == {
        "model_name": "made",
        "model_version": "fingerprint",
        "id": "42",
        "outputs": [
            {"name": "department", "datatype": "BYTES", "shape": [2], "data": ["pets", "pets"]},
            {"name": "confidence", "datatype": "FP32", "shape": [2], "data": [0.5, 0.5]},
            {"name": "status", "datatype": "BYTES", "shape": [2], "data": ["review", "review"]},
        ],
    }
    assert service.asked == [(["milk", "cat food"], 1, None)]


def test_descriptions_and_the_outputs_that_are_asked_for(
    client: TestClient, service: MadeService
) -> None:
    inputs = [tensor(["Fresh", ""], "description"), tensor([["Milk"], ["Rye"]], shape=[2, 1])]
    answer = client.post(INFER, json={"inputs": inputs, "outputs": [{"name": "confidence"}]})
    assert [output["name"] for output in answer.json()["outputs"]] == ["confidence"]
    assert "id" not in answer.json()
    assert service.asked == [(["milk : fresh", "rye"], 1, None)]


def test_a_name_that_cannot_be_tagged_is_marked_in_its_status(
    client: TestClient, service: MadeService
) -> None:
    packed = b"".join(len(one).to_bytes(4, "little") + one for one in (b" ", b"Milk", b"\xff"))
    named = tensor(shape=[3], data=None, parameters={"binary_data_size": len(packed)})
    head = json.dumps({"inputs": [named]}).encode()
    answer = client.post(INFER, content=head + packed, headers={HEADER: str(len(head))})
    department, confidence, status = (output["data"] for output in answer.json()["outputs"])
    assert department == ["", "pets", ""]
    assert confidence == [0.0, 0.5, 0.0]
    assert status == ["error: the name is blank", "review", "error: the name is not UTF-8"]
    assert service.asked == [(["milk"], 1, None)]


def test_a_mark_that_would_not_be_seen_is_a_refusal(
    client: TestClient, service: MadeService
) -> None:
    body = {"inputs": [tensor(["Milk", " "])], "outputs": [{"name": "department"}]}
    rule = "name 1: the name is blank (ask for status too to have such names marked in it)"
    assert refused(client, body) == (400, rule)
    assert service.asked == []


def test_openapi_shows_both_ways(client: TestClient) -> None:
    shown = client.get("/openapi.json").json()["paths"]["/v2/models/{model}/infer"]["post"]
    for content in (shown["requestBody"]["content"], shown["responses"]["200"]["content"]):
        assert set(content) == {"application/json", "application/octet-stream"}


def test_openapi_shows_the_protocols_own_errors(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    ours = [
        one
        for path, told in paths.items()
        if f"{path}/".startswith("/v2/")
        for one in told.values()
    ]
    errors = [
        told["content"] for one in ours for key, told in one["responses"].items() if key != "200"
    ]
    assert {kind for told in errors for kind in told} == {"application/json"}
    assert {told["application/json"]["schema"]["$ref"] for told in errors} == {
        "#/components/schemas/ProtocolError"
    }


def test_no_names_no_tags(client: TestClient) -> None:
    answer = client.post(INFER, json={"inputs": [tensor([])]}).json()
    assert [output["data"] for output in answer["outputs"]] == [[], [], []]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"shape": []}, "input 'name' has shape []: it is [n] or [n, 1]"),
        ({"shape": [-1]}, "has shape [-1]: it is [n] or [n, 1]"),
        ({"shape": [1, 2]}, "has shape [1, 2]: it is"),
        ({"shape": [2]}, "has shape [2] and 1 elements: they must agree"),
        ({"shape": [0]}, "has shape [0] and more elements: they must agree"),
        ({"shape": [1.0]}, "inputs.0.shape.0"),
        ({"shape": [True]}, "inputs.0.shape.0"),
        ({"shape": "1"}, "inputs.0.shape"),
        ({"datatype": "FP32"}, "input 'name' has datatype 'FP32': it is BYTES"),
        ({"datatype": None}, "inputs.0.datatype"),
        ({"data": [7]}, "input 'name', data[0] is 7: it is text"),
        ({"data": [None]}, "data[0] is None: it is text"),
        ({"data": [["Milk"]]}, "data[0] is ['Milk']: it is text"),
        ({"data": "Milk", "shape": [4]}, "inputs.0.data"),
        ({"data": None}, "has neither data nor binary_data_size"),
        ({"parameters": {"binary_data_size": 4}}, "so the header Inference-Header-Content-Length"),
        ({"name": "title"}, "input 'title' is unknown: there are name, description"),
        ({"name": "description"}, "the input 'name' is missing"),
    ],
)
def test_a_tensor_that_breaks_a_rule_is_a_400(
    client: TestClient, change: dict[str, Any], rule: str
) -> None:
    status, error = refused(client, {"inputs": [tensor(**change)]})
    assert status == 400
    assert rule in error


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"{", "the body is not JSON"),
        (b"[]", "the body: Input should be an object"),
        ({"inputs": []}, "the input 'name' is missing"),
        ({"inputs": [tensor(), tensor()]}, "input 'name' is there twice"),
        ({"inputs": [tensor(), tensor(["a", "b"], "description")]}, "inputs have [1, 2] elements"),
        ({"inputs": [tensor()], "outputs": [{"name": "tag"}]}, "output 'tag' is unknown"),
        ({"inputs": [tensor()], "outputs": [{"name": "status"}] * 2}, "'status' is there twice"),
        (
            {
                "inputs": [tensor()],
                "outputs": [{"name": "department", "parameters": {"classification": 3}}],
            },
            "output 'department' asks for classification",
        ),
        ({"id": 42, "inputs": [tensor()]}, "id = 42: Input should be a valid string"),
    ],
)
def test_a_request_that_breaks_a_rule_is_a_400(client: TestClient, body: Any, rule: str) -> None:
    status, error = refused(client, body)
    assert status == 400
    assert rule in error


@pytest.mark.parametrize(
    ("packed", "size", "rule"),
    [
        (b"\x04\x00\x00\x00Mil", 7, "element 0 ends at byte 8 of 7"),
        (b"\x04\x00", 2, "element 0 ends at byte 8 of 2"),
        (b"\xff\xff\xff\xffMilk", 8, "element 0 ends at byte 4,294,967,299 of 8"),
        (b"\x00\x00\x00\x00" * 2, 8, "has shape [1] and more elements"),
        (b"", 0, "has shape [1] and 0 elements"),
        (b"\x00\x00\x00\x00", 5, "has binary_data_size 5: a number of bytes, at most the 4"),
        (b"\x00\x00\x00\x00", -4, "has binary_data_size -4"),
        (b"\x00\x00\x00\x00", "4", "has binary_data_size '4'"),
        (b"\x00\x00\x00\x00", True, "has binary_data_size True"),
        (b"\x00\x00\x00\x00rest", 4, "4 bytes of binary data are left over"),
    ],
)
def test_binary_data_that_break_a_rule_are_a_400(
    client: TestClient, packed: bytes, size: Any, rule: str
) -> None:
    named = tensor(data=None, shape=[1], parameters={"binary_data_size": size})
    head = json.dumps({"inputs": [named]}).encode()
    status, error = refused(client, head + packed, **{HEADER: str(len(head))})
    assert status == 400
    assert rule in error


def test_data_in_both_ways_are_a_400(client: TestClient) -> None:
    head = json.dumps({"inputs": [tensor(parameters={"binary_data_size": 8})]}).encode()
    status, error = refused(client, head + pack_bytes(["Milk"]), **{HEADER: str(len(head))})
    assert status == 400
    assert "has both data and binary_data_size" in error


@pytest.mark.parametrize("rows", [LIMIT + 1, 10**30])
def test_too_many_names_are_a_413(client: TestClient, rows: int) -> None:
    status, error = refused(client, {"inputs": [tensor(["x"] * (LIMIT + 1), shape=[rows])]})
    assert status == 413
    assert "at most 5 products in one request (serve.max_products)" in error


def test_a_compressed_body_is_a_415(client: TestClient) -> None:
    assert refused(client, b"\x1f\x8b", **{"Content-Encoding": "gzip"})[0] == 415


def test_what_is_not_there_is_a_404_in_the_protocols_shape(client: TestClient) -> None:
    for path in ("nope", "nope/ready", "made/versions/1", "made/versions/1/ready", "made/config"):
        answer = client.get(f"/v2/models/{path}")
        assert answer.status_code == 404
        assert list(answer.json()) == ["error"]
    body = {"inputs": [tensor()]}
    answer = client.post("/v2/models/made/versions/1/infer", json=body)
    assert answer.status_code == 404
    assert answer.json()["error"] == "model 'made' has no version '1': it has fingerprint"
    ours = client.post("/v2/models/made/versions/fingerprint/infer", json=body)
    assert ours.json()["model_version"] == "fingerprint"
    assert client.get("/v1/nope").headers["content-type"] == "application/problem+json"


def test_another_model_is_asked_by_its_name(service: MadeService, tmp_path: Path) -> None:
    version = whole_run(tmp_path / "other").manifest().fingerprint
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{}")
    client = local_client(api(service, ServeConfig(models_root=tmp_path)))
    assert client.get("/v2/models/other").json()["versions"] == [version]
    for path in ("other/ready", f"other/versions/{version}/ready"):
        assert client.get(f"/v2/models/{path}").json() == {"name": "other", "ready": True}
    assert client.get("/v2/models/broken").status_code == 409
    assert client.post("/v2/models/other/infer", json={"inputs": [tensor()]}).is_success
    assert service.asked == [(["milk"], 1, "other")]


def whole_run(folder: Path) -> Run:
    """A Run with all small files, and no weights."""
    run = Run(folder)
    run.begin()
    write_json(run.departments_file, {"departments": LABELS})
    calibration = Calibration(
        departments=Departments(LABELS).fingerprint,
        threshold=0.5,
        target_precision=0.9,
        candidates_level=0.9,
        candidates_bound=0.1,
        fitted_on={"rows": 30},
    )
    save_calibration(calibration, run.calibration_file)
    form = {"quantization": "none", "double_quant": False, "dtype": "float32"}
    form |= {"merged": True, "max_length": 8}
    changes = {"inference": form, "fingerprint": run_fingerprint(run, form)}
    run.publish(manifest().model_copy(update=changes))
    return run


@pytest.mark.parametrize("broken", ["departments_file", "calibration_file", "manifest_file"])
def test_a_damaged_model_is_not_ready_until_it_is_mended(
    service: MadeService, tmp_path: Path, broken: str
) -> None:
    run = whole_run(tmp_path / "other")
    version = run.manifest().fingerprint
    client = local_client(api(service, ServeConfig(models_root=tmp_path)))
    paths = [f"/v2/models/other/{more}ready" for more in ("", f"versions/{version}/")]
    assert [client.get(path).status_code for path in paths] == [200, 200]
    file: Path = getattr(run, broken)
    text = file.read_text()
    file.write_text("{}")
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, list(answer.json())) == (409, ["error"])
        assert answer.json()["error"].startswith("model 'other' cannot be used: ")
    file.write_text(text)
    assert [client.get(path).status_code for path in paths] == [200, 200]


def test_a_model_is_read_once_for_as_long_as_it_stays_the_same(
    service: MadeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fingerprint is over all its weights, and readiness is asked every few seconds."""
    read: list[Path] = []

    def noted(run: Run) -> CheckedRun:
        read.append(run.path)
        return check_run(run)

    monkeypatch.setattr(whole, "check_run", noted)
    run = whole_run(tmp_path / "other")
    client = local_client(api(service, ServeConfig(models_root=tmp_path)))
    assert [client.get("/v2/models/other/ready").status_code for _ in range(3)] == [200] * 3
    assert read == [run.path]
    (run.adapter_dir / "adapter_model.safetensors").write_text("others")
    assert [client.get("/v2/models/other/ready").status_code for _ in range(2)] == [409] * 2
    assert read == [run.path] * 3  # what is refused is looked at again


def test_models_are_looked_for_beside_the_event_loop(
    service: MadeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_loop: list[bool] = []

    def noted(name: str, root: Path | None) -> Run:
        on_loop.append(is_event_loops())
        return loading.find_run(name, root)

    monkeypatch.setattr(inference_protocol, "find_run", noted)
    client = local_client(api(service, ServeConfig(models_root=tmp_path)))
    for path in ("", "/ready", "/versions/1", "/versions/1/ready"):
        assert client.get(f"/v2/models/nope{path}").status_code == 404
    assert on_loop == [False] * 4


def test_of_many_models_no_more_are_looked_at_than_are_named(
    service: MadeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(70):
        (tmp_path / f"run{number:02}").mkdir()
        (tmp_path / f"run{number:02}" / "manifest.json").touch()
    looked: list[str] = []
    inside = loading._inside

    def noted(name: str, root: Path) -> Run | None:
        looked.append(name)
        return inside(name, root)

    monkeypatch.setattr(loading, "_inside", noted)
    client = local_client(api(service, ServeConfig(models_root=tmp_path)))
    there = ", ".join(f"run{number:02}" for number in range(50))
    error = client.get("/v2/models/nope").json()["error"]
    assert error == f"model 'nope' is unknown: there are {there}"
    assert looked == ["nope", *there.split(", ")]


@pytest.fixture(scope="module")
def official() -> Iterator[InferenceServerClient]:
    """The official client of an endpoint that listens."""
    with listening(api(MadeService(), ServeConfig(max_products=LIMIT))) as address:
        yield from closed(address)


def closed(address: str) -> Iterator[InferenceServerClient]:
    """A client that is closed again."""
    client = InferenceServerClient(address)
    yield client
    client.close()


def named(names: Sequence[str], binary: bool = True) -> InferInput:
    """The official client's input."""
    made = InferInput("name", [len(names)], "BYTES")
    made.set_data_from_numpy(np.array(names, np.object_), binary_data=binary)
    return made


@pytest.mark.parametrize("sent_binary", [True, False])
@pytest.mark.parametrize("asked_binary", [True, False, None])
def test_the_official_client_gets_its_tags(
    official: InferenceServerClient, sent_binary: bool, asked_binary: bool | None
) -> None:
    outputs = None
    if asked_binary is not None:
        names = ("department", "confidence", "status")
        outputs = [InferRequestedOutput(name, binary_data=asked_binary) for name in names]
    names_sent = ["Milk", "قهوة", ""]
    inputs = [named(names_sent, sent_binary)]
    result = official.infer("made", inputs, request_id="7", outputs=outputs)
    text = [
        [value.decode() if isinstance(value, bytes) else value for value in result.as_numpy(name)]
        for name in ("department", "status")
    ]
    assert text == [["pets", "pets", ""], ["review", "review", "error: the name is blank"]]
    confidence = result.as_numpy("confidence")
    assert confidence.dtype == np.float32
    assert confidence.tolist() == [0.5, 0.5, 0.0]
    assert result.get_response()["id"] == "7"


def test_the_official_client_asks_what_is_there(official: InferenceServerClient) -> None:
    assert official.is_server_live()
    assert official.is_server_ready()
    assert official.is_model_ready("made")
    assert official.is_model_ready("made", "fingerprint")
    assert not official.is_model_ready("made", "other")
    assert official.get_server_metadata()["name"] == "shelftag"
    assert official.get_model_metadata("made")["platform"] == "pytorch_peft"


def test_the_official_client_reads_our_errors(official: InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="at most 5 products") as caught:
        official.infer("made", [named(["Milk"] * (LIMIT + 1))])
    assert caught.value.status() == "413"
    with pytest.raises(InferenceServerException, match="'made' has no version '1'"):
        official.infer("made", [named(["Milk"])], model_version="1")


def test_another_version_is_refused_before_anything_is_scored(
    client: TestClient, service: MadeService
) -> None:
    service.asked.clear()
    body = {"inputs": [tensor()]}
    assert client.post("/v2/models/made/versions/1/infer", json=body).status_code == 404
    assert service.asked == []
