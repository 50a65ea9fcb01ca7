"""What's installed here: the versions of the libraries, what stands under a name, and which arguments a call takes."""

import importlib
import inspect
import re
import warnings
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from packaging.requirements import Requirement

from lessons_lib.doctor.names import LIBRARIES, library

ABSENT, UNKNOWN = object(), object()
VAGUE = (  # what objects are at least: their class may be a narrower one
    *("transformers.PreTrainedTokenizerBase()", "transformers.PreTrainedModel()", "transformers.Pipeline()"),
    *("datasets.Column()", "evaluate.EvaluationModule()", "peft.PeftModel()"),
)
SWALLOWED = {"proxies", "resume_download", "force_filename", "local_dir_use_symlinks"}  # by huggingface_hub's wrapper


@cache
def holds(requirement: str) -> bool:
    """Return whether a package is installed in a version that `requirement` names, such as `"transformers>=5"`."""
    asked = Requirement(requirement)
    try:
        return asked.specifier.contains(version(asked.name), prereleases=True)
    except PackageNotFoundError:
        return False


@cache
def versions() -> dict[str, str]:
    """Return the version of each of Hugging Face's libraries that is installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def module(name: str) -> Any:
    """Return a module of theirs; `ABSENT` where the library has none of that name, `UNKNOWN` where it doesn't load."""
    if library(name) not in versions() or any(part.startswith("__") for part in name.split(".")):
        return UNKNOWN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            return ABSENT if error.name and f"{name}.".startswith(f"{error.name}.") else UNKNOWN
        except Exception:  # what it needs isn't here, or doesn't suit
            return UNKNOWN


@cache
def resolve(full: str) -> Any:
    """Return what stands under a full name, or `ABSENT`, or `UNKNOWN` where that can't be said.

    An object is written as its class with brackets: `datasets.Dataset().map` is a method. Its own attributes aren't
    known, those of its class are.
    """
    if not library(full):
        return UNKNOWN
    owner, _, name = full.replace("()", "").rpartition(".")
    if not owner:
        return module(name)
    of = resolve(owner)
    if of in (ABSENT, UNKNOWN):
        return of
    try:
        return getattr(of, name)
    except AttributeError:
        if not inspect.ismodule(of):
            return ABSENT if inspect.isclass(of) else UNKNOWN
        return module(f"{of.__name__}.{name}") if hasattr(of, "__path__") else ABSENT
    except Exception:
        return UNKNOWN


@cache
def canonical(full: str) -> str:
    """Return the shortest name of the same thing: `transformers.Trainer` for `transformers.trainer.Trainer`.

    What's gone is called by its library and its own name: it can't be asked what it was.
    """
    owner, _, name = full.rpartition(".")
    if "()" in full or full.count(".") < 2 or inspect.isclass(resolve(owner)):
        return full
    here, short = resolve(full), resolve(f"{library(full)}.{name}")
    return f"{library(full)}.{name}" if here is ABSENT or (here is not UNKNOWN and here is short) else full


@cache
def signature(full: str) -> inspect.Signature | None:
    """Return what a call of `full` takes, or `None` where that isn't certain: a wrapper may take more than it shows."""
    what = resolve(full)
    if what in (ABSENT, UNKNOWN) or inspect.ismodule(what) or full.startswith(VAGUE):
        return None
    function: Callable = what
    if inspect.isclass(what):
        if type(what).__call__ is not type.__call__ or what.__new__ is not object.__new__:
            return None
        function = what.__init__
    elif not inspect.isroutine(what):
        return None
    if hasattr(function, "__wrapped__") and library(full) not in ("huggingface_hub", "datasets"):
        return None
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    names = list(found.parameters.values())
    bound = inspect.isclass(what) or "()." in full
    return found.replace(parameters=names[1:]) if bound and names[:1] and names[0].name == "self" else found


@cache
def lacks(full: str) -> bool:
    """Return whether an object of theirs certainly has no method of this name: its class is exact, and sets none."""
    owner, _, name = full.rpartition(".")
    cls = resolve(owner) if owner.endswith("()") and owner not in VAGUE else None
    try:
        if not inspect.isclass(cls) or hasattr(cls, name) or hasattr(cls, "__getattr__"):
            return False
        sources = [inspect.getsource(one) for one in cls.__mro__ if library(one.__module__)]
    except (ImportError, OSError, TypeError):  # a class that isn't whole without another package, or has no source
        return False
    return not any(re.search(rf"\b{re.escape(name)}\b", source) for source in sources)
