"""JsonStore against what the disk costs anyway, in the same run.

    python benchmarks/json_store.py [DIRECTORY] [--rounds N] [--json]

A is write + fsync + rename; B adds the fsync of the directory, without which the rename may be lost in a power cut.
The store does B, and beside it the lock, the validation, the layout, the note with the checksum and the way back.
The kinds take turns, so that a slow moment of the disk meets all of them; figures are medians."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stores.backends.json_file import JsonStore
from stores.backends.json_text import decode, encode

HOME = Path(__file__).resolve().parent.parent / "switchbot_site" / "local" / "sample_home" / "settings.json"


def document_of(size: int) -> dict[str, Any]:
    """A document of about `size` bytes in the file: the sample home's settings, again and again."""
    settings = json.loads(HOME.read_text(encoding="utf-8"))
    document: dict[str, Any] = {}
    while len(encode(document, indent=2)) < size:
        document[f"home_{len(document)}"] = settings
    while len(encode(document, indent=2)) > size * 1.1 and len(document) == 1:
        name = next(iter(document))
        document = {name: dict(list(document[name].items())[:-1])}
    return document


def bare_write(directory: Path, data: bytes, *, sync_directory: bool) -> None:
    descriptor = os.open(directory / "bare.tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)
    os.rename(directory / "bare.tmp", directory / "bare.json")
    if sync_directory:
        descriptor = os.open(directory, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def bare_read(path: Path) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def medians(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each call; the calls take turns, each round begins with another."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(rounds + 5):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            begun = time.perf_counter()
            calls[name]()
            if turn >= 5:
                taken[name].append((time.perf_counter() - begun) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def measure(directory: Path, size: int, rounds: int) -> dict[str, Any]:
    document = document_of(size)
    text = encode(document, indent=2)
    data = text.encode() + b"\n"
    store = JsonStore(directory / "store.json", writer=lambda: "benchmark")

    def transaction() -> None:
        with store.transaction() as held:
            held.write(held.read())

    found = medians(
        {
            "write A": lambda: bare_write(directory, data, sync_directory=False),
            "write B": lambda: bare_write(directory, data, sync_directory=True),
            "store.write": lambda: store.write(document),
            "store.transaction": transaction,
        },
        rounds,
    )
    found |= medians(
        {
            "json.load": lambda: bare_read(Path(store.path)),
            "store.read": store.read,
            "json.dumps(indent=2)": lambda: json.dumps(document, indent=2, ensure_ascii=False),
            "encode(indent=2)": lambda: encode(document, indent=2),
            "json.loads": lambda: json.loads(text),
            "decode": lambda: decode(text),
        },
        rounds,
    )
    ratios = {
        "store.write / A": found["store.write"] / found["write A"],
        "store.write / B": found["store.write"] / found["write B"],
        "B / A": found["write B"] / found["write A"],
        "store.transaction / B": found["store.transaction"] / found["write B"],
        "store.read / json.load": found["store.read"] / found["json.load"],
        "encode / json.dumps (indent 2)": found["encode(indent=2)"] / found["json.dumps(indent=2)"],
        "decode / json.loads": found["decode"] / found["json.loads"],
    }
    return {"bytes": len(data), "milliseconds": found, "ratios": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", nargs="?", default="var/bench", type=Path, help="on the disk to be measured")
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    results = []
    for size in (2_000, 200_000):
        directory = Path(tempfile.mkdtemp(prefix="json-store-", dir=options.directory))
        try:
            results.append(measure(directory, size, options.rounds))
        finally:
            shutil.rmtree(directory)
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for result in results:
        print(f"document of {result['bytes']:,} bytes")
        for name, value in result["milliseconds"].items():
            print(f"  {name:<32} {value:9.3f} ms")
        for name, value in result["ratios"].items():
            print(f"  {name:<32} {value:9.2f} x")


if __name__ == "__main__":
    main()
