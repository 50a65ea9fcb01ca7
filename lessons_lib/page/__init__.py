"""A trained model on a page that needs no server: a folder for any web space, which asks nothing of any other."""

import html
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template

from lessons_lib.errors import SetupError
from lessons_lib.page.vendor import TO_FETCH, missing_files, read_packages, vendor_folder

__all__ = ["build_page"]

MODEL = "model_quantized.onnx"
SAVE = {
    MODEL: "write it there with onnxruntime's `quantize_dynamic`",
    "config.json": "write it there with `model.config.save_pretrained(folder)`",
    "tokenizer.json": "write it there with `tokenizer.save_pretrained(folder)`",
    "tokenizer_config.json": "write it there with `tokenizer.save_pretrained(folder)`",
}


def build_page(
    model_folder: str | Path,
    out: str | Path,
    *,
    title: str,
    texts: Sequence[str] = ("Text",),
    examples: Sequence[str | Sequence[str]] = (),
    max_length: int = 128,
) -> Path:
    """Write a page that classifies text in the browser into the folder `out`, and return its index.html.

    `model_folder` holds model_quantized.onnx, config.json, tokenizer.json and tokenizer_config.json. `texts` names the
    boxes to type in: one, or two for a model of pairs. An example is a text for each of them. Longer input is cut to
    `max_length` tokens, as the tokenizer does it in Python. Raises `SetupError` where a file is missing, or where the
    model is none that gives each text one of several classes.
    """
    model_folder, out = Path(model_folder), Path(out)
    pairs = [[one] if isinstance(one, str) else list(one) for one in examples]
    if len(texts) not in (1, 2) or any(len(one) != len(texts) for one in pairs):
        raise SetupError(f"texts names {len(texts)} boxes: name one or two, and give as many texts in each example.")
    _check_model(model_folder)
    vendor, packages = vendor_folder(), read_packages()
    if missing := missing_files(vendor, packages):
        raise SetupError(f"What the page takes from npm is not in {vendor} ({', '.join(missing)}): {TO_FETCH}.")
    sources = {f"vendor/{name}": vendor / name for package in packages for name in package.files}
    sources |= {f"model/{'onnx/' if name == MODEL else ''}{name}": model_folder / name for name in SAVE}
    ours = {"page.js": "page.js", "page.css": "page.css", "vendor/NOTICE.txt": "notice.txt"}
    sources |= {name: Path(__file__).with_name(source) for name, source in ours.items()}
    for name, source in sources.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, out / name)
    size = sum((out / name).stat().st_size for name in sources)
    index = _fill_in(title=title, texts=texts, examples=pairs, max_length=max_length, megabytes=round(size / 1e6))
    (out / "index.html").write_text(index, encoding="utf-8")
    return out / "index.html"


def _check_model(folder: Path) -> None:
    for name, advice in SAVE.items():
        if not (folder / name).is_file():
            raise SetupError(f"There is no {name} in {folder.resolve()}: {advice}.")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind, names = config.get("problem_type"), config.get("id2label") or {}
    if kind not in (None, "single_label_classification") or len(names) < 2:
        raise SetupError(
            f"{folder / 'config.json'} has {len(names)} classes in id2label and the problem_type {kind}: the page is "
            "for a model that gives each text one of two or more classes, and has a name for each in id2label."
        )


def _fill_in(*, title: str, texts: Sequence[str], examples: list[list[str]], max_length: int, megabytes: int) -> str:
    """Return index.html, with whatever comes from outside escaped."""
    boxes = [f"<label>{html.escape(name)}<textarea rows=3 dir=auto></textarea></label>" for name in texts]
    buttons = [
        f'<button type=button data-texts="{html.escape(json.dumps(one))}">{html.escape(" / ".join(one))}</button>'
        for one in examples
    ]
    page = Template(Path(__file__).with_name("index.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=html.escape(title),
        boxes="\n".join(boxes),
        examples="\n".join(buttons),
        max_length=int(max_length),
        megabytes=megabytes,
    )
