"""The facts of the course, read once from course.toml: its lessons, its recipe, its pins, its address."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("course.toml")
RESULTS = Path(__file__).parent / "embedded" / "results"  # what was measured, as far as lessons quote it


@dataclass(frozen=True)
class LessonFacts:
    """One lesson: `plain` is what it makes plain; `trains` says that its card names how many pairs it trains on.

    `weights` says that it needs the checkpoint's weights, `decoder` that it needs a decoder, too, `pairs` that it reads
    the dataset of pairs; `needs` names packages that only this lesson asks for.
    """

    slug: str
    title: str
    question: str
    plain: str
    trains: bool = False
    weights: bool = True
    decoder: bool = False
    pairs: bool = True
    needs: tuple[str, ...] = ()
    binder: bool = False

    @property
    def number(self) -> str:
        """The two digits that its file begins with."""
        return self.slug[:2]


@dataclass(frozen=True)
class Recipe:
    """How to train on every pair; `warmup_steps` is a share of all steps where it is below 1."""

    batch_size: int
    learning_rate: float
    warmup_steps: float
    freeze_embeddings: bool
    hub_learning_rate: float


@dataclass(frozen=True)
class Course:
    """Everything in course.toml. `repository` is `"owner/name"` on GitHub, or empty while the course has no address."""

    repository: str
    tag: str
    recipe: Recipe
    short: dict[str, int]
    hub: dict[str, str]
    embedded: dict[str, str]
    decoder: dict[str, str]
    lessons: tuple[LessonFacts, ...]

    @property
    def version(self) -> str:
        """The version of the package, without the `v` of its tag."""
        return self.tag.removeprefix("v")

    @property
    def checkpoint_package(self) -> str:
        """The package that carries the embedded checkpoint, as pip takes it."""
        return f"{self.embedded['package']}=={self.embedded['version']}"

    def lesson(self, number: str) -> LessonFacts | None:
        """Return the lesson of that `number`, such as `"04"`; `None` where there is none."""
        return next((one for one in self.lessons if one.number == number), None)


def read_course(file: Path = FILE) -> Course:
    """Return what `file` says.

    >>> read_course().lesson("04").title
    'Fine-tuning with Trainer'
    """
    facts = tomllib.loads(file.read_text(encoding="utf-8"))
    lessons = tuple(LessonFacts(**one | {"needs": tuple(one.get("needs", ()))}) for one in facts.pop("lessons"))
    return Course(recipe=Recipe(**facts.pop("recipe")), lessons=lessons, **facts)


COURSE = read_course()
