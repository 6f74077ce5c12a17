"""A Run -> a whole model that plain transformers loads.

    base, loaded again in 16 bit --'
    adapter -----------------------'--merge--> model.safetensors, tokenizer, config, model card

Not merged into 4-bit weights: what the adapter adds would be rounded to 16 values. It takes two
bytes of memory a parameter, no GPU.
"""

from dataclasses import replace
from pathlib import Path
from shutil import copyfile

from shelftag import __version__
from shelftag.artifacts import Exported, ExportManifest, Run, fingerprint, remove, write_text
from shelftag.artifacts.fetched import fetched
from shelftag.config import Config
from shelftag.errors import ConfigError
from shelftag.model.adapter import load_adapted
from shelftag.model.base import DTypeName, InferenceForm
from shelftag.model.runtime import set_up
from shelftag.model.tokens import load_tokenizer
from shelftag.tagging.identity import CheckedRun, check_run
from shelftag.training.card import merged_card

HALVES: tuple[DTypeName, ...] = ("bfloat16", "float16")


def main(*, run: str, out: Path, merge: bool, dtype: str, overwrite: bool, config: Config) -> None:
    """Write a Run's model to the folder `out`."""
    if not merge:
        raise ConfigError(
            "export has nothing to do without --merge",
            f"give it; the adapter alone, as PEFT loads it, is in {run}/adapter",
        )
    set_up(config.scaling.threads_per_worker)
    exported = Exported(out)
    manifest = export(fetched(run), exported, dtype, overwrite=overwrite)
    size = sum(file.stat().st_size for file in exported.path.glob("*.safetensors"))
    print(f"{exported.path}: {manifest.base} and the adapter in {dtype}, {size / 1e6:,.0f} MB")


def export(run: Run, out: Exported, dtype: str, *, overwrite: bool = False) -> ExportManifest:
    """Merge the adapter into the base in 16 bit and save it whole.

    Raises:
        ArtifactError: the Run is not as `train` left it, or `out` must not be written to.
        ConfigError: the dtype is not a 16-bit one, or the base cannot be loaded.
    """
    checked = check_run(run)
    form = _form(checked, dtype)
    out.check_free(overwrite=overwrite)
    model = load_adapted(run.adapter_dir, checked.departments, form)
    tokenizer = load_tokenizer(run.adapter_dir)
    model.config.pad_token_id = tokenizer.pad_token_id
    out.begin(overwrite=overwrite)
    try:
        for shard in out.path.glob("*.safetensors"):  # more than a smaller model replaces
            remove(shard)
        model.to(model.dtype).save_pretrained(out.path)
        tokenizer.save_pretrained(out.path)
        return _publish(run, out, checked, form)
    finally:
        out.release()


def _form(checked: CheckedRun, dtype: str) -> InferenceForm:
    for known in HALVES:
        if dtype == known:
            return replace(checked.form, quantization="none", dtype=known, merged=True)
    raise ConfigError(f"--dtype {dtype} is not one of {', '.join(HALVES)}", "name one of these")


def _publish(run: Run, out: Exported, checked: CheckedRun, form: InferenceForm) -> ExportManifest:
    for file in (run.departments_file, run.calibration_file):
        copyfile(file, out.path / file.name)
    write_text(out.path / "README.md", merged_card(checked.manifest, form.dtype))
    weights = sorted(out.path.glob("*.safetensors"))
    manifest = ExportManifest(
        shelftag=__version__,
        fingerprint=fingerprint(*weights, out.path / "config.json", out.path / "tokenizer.json"),
        config=checked.manifest.config,
        run=checked.manifest.fingerprint,
        base=checked.manifest.base,
        dtype=form.dtype,
    )
    out.publish(manifest)
    return manifest
