"""Settings are read out of pickles that are never loaded."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from lossscan.errors import UnreadableLog
from lossscan.runs.training.pickled_args import scalars

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class Strategy(str, Enum):  # noqa: UP042 - transformers has them so
    """An enum as transformers has them."""

    STEPS = "steps"


@dataclass
class Arguments:
    """Settings as transformers keeps them."""

    learning_rate: float = 5e-4
    seed: int = 42
    max_steps: int = -1
    bf16: bool = True
    run_name: str | None = None
    output_dir: str = "out/模型"
    eval_strategy: Strategy = Strategy.STEPS
    report_to: list[str] = field(default_factory=lambda: ["tensorboard"])
    hub_token: str = "hf_secret"  # noqa: S105 - not one


@dataclass(slots=True)
class Slotted:
    """Settings of a class with slots."""

    seed: int = 7


class Evil:
    """An object whose loading would run a command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


EXPECTED = {
    "learning_rate": 5e-4,
    "seed": 42,
    "max_steps": -1,
    "bf16": True,
    "run_name": None,
    "output_dir": "out/模型",
    "eval_strategy": "steps",
}


def zipped(pickled: bytes, name: str = "training_args/data.pkl") -> bytes:
    """An archive as torch.save writes it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, pickled)
    return held.getvalue()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_scalars_reads_every_protocol(protocol):
    """Whatever protocol wrote the pickle, the plain settings come out, enums by value."""
    assert scalars(pickle.dumps(Arguments(), protocol)) == EXPECTED


def test_scalars_reads_a_torch_archive():
    """The zip archive that torch.save writes is opened."""
    assert scalars(zipped(pickle.dumps(Arguments(), 2))) == EXPECTED


def test_scalars_reads_the_format_before_torch_1_6():
    """A magic number, a version and a description of the machine precede the object."""
    parts = (LEGACY_MAGIC, 1001, {"little_endian": True}, Arguments())
    assert scalars(b"".join(pickle.dumps(part, 2) for part in parts)) == EXPECTED


@pytest.mark.skipif(not list(SAMPLES.glob("*/training_args.bin")), reason="no sample holds one")
def test_scalars_reads_what_a_trainer_wrote():
    """The settings of a real run are those its trainer was given."""
    path = next(iter(sorted(SAMPLES.glob("staircase*/training_args.bin"))))
    settings = scalars(path.read_bytes())
    assert settings["per_device_train_batch_size"] == 16
    assert settings["lr_scheduler_type"] == "constant"
    assert settings["logging_strategy"] == "steps"


def test_scalars_reads_a_class_with_slots():
    """The state of a class with slots is a list or a pair of dicts."""
    assert scalars(pickle.dumps(Slotted(), 2)) == {"seed": 7}


@pytest.mark.parametrize("held", [{"a": 1}, OrderedDict(a=1)])
def test_scalars_reads_a_plain_dict(held):
    """Settings saved as a dict are found too."""
    assert scalars(pickle.dumps(held)) == {"a": 1}


def test_scalars_runs_nothing(tmp_path):
    """A pickle that would run a command on loading does not run it here."""
    marker = tmp_path / "ran"
    held = Arguments()
    held.output_dir = Evil(marker)  # type: ignore[assignment]
    for data in (pickle.dumps(Evil(marker)), pickle.dumps(held), zipped(pickle.dumps(held))):
        scalars(data)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a pickle"),
        (b"not a pickle at all", "not a pickle"),
        (b".", "not a pickle"),
        (pickle.dumps(Arguments())[:-20], "not a pickle"),
        (b"PK\x03\x04 broken", "damaged zip archive"),
        (zipped(b"x", "model/weights"), r"no data\.pkl"),
    ],
)
def test_scalars_says_why_bytes_cannot_be_read(data, reason):
    """Bytes that are no settings object are refused with the reason and a way out."""
    with pytest.raises(UnreadableLog, match=reason) as refused:
        scalars(data)
    assert refused.value.hint


def test_scalars_refuses_a_bomb():
    """An archive that would unpack to much more than settings is refused."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(64 << 20))
    with pytest.raises(UnreadableLog, match="larger than 4 MiB"):
        scalars(held.getvalue())


def test_scalars_refuses_endless_programs():
    """More opcodes than any settings object has are refused."""
    with pytest.raises(UnreadableLog, match="200000 steps"):
        scalars(b"N0" * 200_001 + b"N.")


def test_scalars_leaves_out_what_is_no_setting():
    """Endless numbers and texts are not settings."""
    assert scalars(pickle.dumps({"big": 1 << 80, "long": "x" * 20_000, "lr": 0.1})) == {"lr": 0.1}
