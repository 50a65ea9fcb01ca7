"""The package as a stranger meets it: quick to import, and whole in a wheel."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from authoring.build_pairs import SIZES

ROOT = Path(__file__).parents[1]


def in_new_process(code: str, **kwargs) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, **kwargs).stdout


def test_import_is_light():
    code = "import sys, lessons_lib; print({'torch', 'transformers', 'matplotlib'} & set(sys.modules))"
    assert in_new_process(code).strip() == "set()"


def test_import_is_quick():
    code = "import time; start = time.process_time(); import lessons_lib; print(time.process_time() - start)"
    assert min(float(in_new_process(code)) for _ in range(3)) < 0.2


def test_wheel_works_from_anywhere(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys, json; sys.path.insert(0, 'site'); import lessons_lib; "
        "from lessons_lib.sources import find_sources; import datasets, evaluate; "
        "found, _ = find_sources({}); "
        "sizes = {k: len(v) for k, v in datasets.load_dataset(found.dataset, found.task).items()}; "
        "score = evaluate.load(found.metric, found.task).compute(predictions=[1, 0], references=[1, 1]); "
        "print(json.dumps([lessons_lib.__file__, sizes, score]))"
    )
    file, sizes, score = json.loads(in_new_process(code, cwd=tmp_path).splitlines()[-1])
    assert Path(file).is_relative_to(tmp_path)
    assert sizes == SIZES
    assert score["accuracy"] == 0.5
