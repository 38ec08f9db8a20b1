"""Training texts from what any Debian-like machine with Python has: man pages and
docstrings of the standard library.  Nothing is downloaded."""

import ast
import glob
import gzip
import random
import re
import sysconfig
from functools import cache


def _plain(roff):
    """Man page source -> running text, roughly."""
    lines = [line for line in roff.splitlines() if line and line[0] not in ".'"]
    return re.sub(
        r"\s+",
        " ",
        re.sub(r"\\(f.|[-&/ce|^])", lambda m: "-" if m[1] == "-" else "", " ".join(lines)),
    )


def man_pages(language="", sections="12345678"):
    """Texts of the man pages of one language, in a fixed order."""
    texts = []
    for section in sections:
        paths = sorted(glob.glob(f"/usr/share/man/{language}/man{section}/*.gz"))
        for path in paths[:: len(paths) // 3000 + 1]:
            try:
                with gzip.open(path, "rt", errors="replace") as file:
                    texts.append(_plain(file.read(60_000)))
            except OSError:
                pass
    return [text for text in texts if len(text) > 400]


@cache
def docstrings():
    """[(qualified name, first words of the docstring)] of the standard library."""
    found = {}
    for path in sorted(glob.glob(sysconfig.get_path("stdlib") + "/**/*.py", recursive=True)):
        if "site-packages" in path or "/test" in path:
            continue
        try:
            with open(path, encoding="utf-8") as file:
                tree = ast.parse(file.read())
        except (SyntaxError, ValueError):
            continue
        module = path.rsplit("/", 1)[1][:-3]
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                words = (ast.get_docstring(node) or "").split()
                if len(words) >= 12:
                    found.setdefault(f"{module}.{node.name}", " ".join(words[:60]))
    return sorted(found.items())


def instructions(count, seed=0):
    """Question and answer pairs, as in a small instruction set."""
    pairs = docstrings()
    random.Random(seed).shuffle(pairs := list(pairs))
    return [
        {"instruction": f"What does {name} do?", "input": "", "output": text}
        for name, text in pairs[:count]
    ]


def chunks(tokenizer, texts, length, limit=None, seed=0):
    """Token blocks of equal length, shuffled once (real corpora drift: see the traps)."""
    texts = list(texts)
    random.Random(seed).shuffle(texts)
    stream, wanted = [], (limit or 10**9) * length
    for text in texts:
        stream += tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]
        if len(stream) >= wanted:
            break
    blocks = [stream[i : i + length] for i in range(0, len(stream) - length + 1, length)]
    random.Random(seed + 1).shuffle(blocks)
    return blocks[:limit]


def odd_chunks(tokenizer, kind, length, count, seed=0):
    """Blocks from a source that the rest of the file does not have."""
    if kind == "japanese":
        texts = man_pages("ja")
    elif kind == "digits":  # tables of numbers
        rng = random.Random(seed)
        texts = [" ".join(f"{rng.gauss(0, 99):.4f}" for _ in range(400)) for _ in range(300)]
    elif kind == "hashes":  # base64-like noise
        rng = random.Random(seed)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        texts = ["".join(rng.choices(alphabet, k=2000)) for _ in range(300)]
    return chunks(tokenizer, texts, length, count, seed)
