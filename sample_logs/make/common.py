"""What every maker shares: a working folder with relative paths only, a neutral host name,
and copying what a run left (without weights) to sample_logs/NAME."""

import os
import platform
import shutil
import socket
import sys
import tempfile
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent
WORK = Path(os.environ.get("SAMPLES_WORK") or Path(tempfile.gettempdir(), "lossscan-samples"))
KEEP = (
    "*.jsonl",
    "trainer_state.json",
    "*results.json",
    "config.json",
    "adapter_config.json",
    "README.md",
    "training_args.bin",
    "runs/**/*",
    "*.log",
    "*.yaml",
)


def enter():
    """Go to the working folder.  File names and training_args.bin must not name this machine."""
    WORK.mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
    socket.gethostname = platform.node = lambda: "host"
    os.environ.update(
        TOKENIZERS_PARALLELISM="false",
        HF_HUB_OFFLINE="1",
        HF_DATASETS_OFFLINE="1",
        HF_HOME="hf-home",
        DISABLE_VERSION_CHECK="1",
        WANDB_DISABLED="true",
    )


def out(name):
    """A fresh output folder, relative to the working folder."""
    folder = Path("out", name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def keep(name, patterns=KEEP):
    """Copy what stays; HOW.md and expected.yaml are written by hand and left alone."""
    source, target = Path("out", name), SAMPLES / name
    for old in target.glob("*"):
        if old.name not in ("HOW.md", "expected.yaml"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for pattern in patterns:
        for path in source.glob(pattern):
            if path.is_file():
                (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target / path.relative_to(source))


class Tee:
    """Console output that also goes to a file, as `2>&1 | tee console.log` would."""

    def __init__(self, path):
        self.file, self.console = open(path, "a", encoding="utf-8"), sys.__stdout__

    def write(self, text):
        self.file.write(text)
        return self.console.write(text)

    def flush(self):
        self.file.flush()
        self.console.flush()

    def isatty(self):
        return False
