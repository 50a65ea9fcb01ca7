"""Lessons in the `hub` profile and in 16 bits, as on a GPU, from end to end, against the Hub on loopback.

`make test` takes one that trains nothing; `pytest -m "slow or not slow" tests/notebooks/test_hub_profile.py` takes all.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from hub_stand_in import settings

from lessons_lib.sources import HUB
from tools.run_lessons import run_lesson

ROOT = Path(__file__).parents[2]

LESSONS = [
    pytest.param(path, id=path.stem, marks=[] if path.stem == "03_head_replacement" else pytest.mark.slow)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
]
# what each kernel executes first; bf16 is emulated where it is not true
BF16 = "from lessons_lib import machine\n\nmachine.cpu_has_bf16 = lambda: True\n"
CARD = (
    "precision   bf16",
    "hub (asked for by LESSONS_PROFILE)",
    f"{HUB.checkpoint} at {HUB.revision[:7]}",
    f"{HUB.dataset} at {HUB.dataset_revision[:7]}, task {HUB.task}",
)
PINNED = {f"models/{HUB.checkpoint}": HUB.revision, f"datasets/{HUB.dataset}": HUB.dataset_revision}


@pytest.fixture(scope="module")
def runs(request, hub, tmp_path_factory):
    """The lessons asked for, two at a time, on one cache as a learner has it, and the folder of what they gave."""
    folder, build = tmp_path_factory.mktemp("lessons"), tmp_path_factory.mktemp("build")
    asked = [
        item.callspec.params.get("path")
        for item in request.session.items
        if getattr(item, "module", None) is request.module
    ]
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        for name, value in settings(hub, tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        startup = tmp_path_factory.mktemp("ipython") / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "bf16.py").write_text(BF16)
        patch.setenv("IPYTHONDIR", str(startup.parents[1]))
        copies = {path: Path(shutil.copy(path, folder)) for path in asked if path}
        yield {path: pool.submit(run_lesson, copies[path], build) for path in copies}, build
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", LESSONS)
def test_lesson_runs_in_the_hub_profile(path, runs, hub):
    results, build = runs
    error = results[path].result().error
    assert not error, error
    outputs = [output for cell in nbformat.read(build / path.name, 4).cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    assert all(row in printed for row in CARD), printed
    assert "Traceback" not in printed and "error" not in {output.output_type for output in outputs}
    assert hub.seen and not [request for request in hub.seen if asks_for_another_revision(request)]


def asks_for_another_revision(request: str) -> bool:
    """Whether a request for a file or a list of files of the model or the dataset is not for the pinned revision."""
    path = request.split()[1].removeprefix("/api").lstrip("/")
    path = path if path.startswith(("models/", "datasets/", "spaces/")) else f"models/{path}"
    name = next((name for name in PINNED if path.startswith(name)), None)
    kind, _, rest = path.removeprefix(f"{name}/").partition("/")
    return (
        name is not None
        and kind in ("resolve", "tree", "revision", "paths-info")
        and rest.split("/")[0] != PINNED[name]
    )


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (f"GET /{HUB.checkpoint}/resolve/{HUB.revision}/config.json", False),
        (f"GET /{HUB.checkpoint}/resolve/main/config.json", True),
        (f"GET /api/datasets/{HUB.dataset}/revision/main", True),
        (f"POST /api/datasets/{HUB.dataset}/paths-info/main", True),
        (f"GET /api/models/{HUB.checkpoint}", False),
        ("GET /spaces/evaluate-metric/glue/resolve/main/glue.py", False),
    ],
)
def test_another_revision_is_noticed(request_line, expected):
    assert asks_for_another_revision(request_line) is expected
