"""What changed in huggingface_hub and accelerate."""

from lessons_lib.doctor.fixes import drop, rename, rewrite
from lessons_lib.doctor.rules.rule import Rule, argument
from lessons_lib.doctor.values import ADAPTED, MODEL, TOKENIZER

UPLOADS = tuple(f"{one}.push_to_hub" for one in (TOKENIZER, MODEL, ADAPTED))
UPLOAD = "from transformers import AutoTokenizer\ntokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)\n"
UPLOADED = "import inspect\ninspect.signature(tokenizer.push_to_hub).bind(repo_id='ada/x', token='x')\n"
HUB = "huggingface_hub>=1"


def _hub(name: str, keyword: str, write: str, passed: str, new: str, fix=None, of: tuple[str, ...] = ()) -> Rule:
    """Return the rule that a function of huggingface_hub has no `keyword`; `passed` and `new` are its arguments."""
    bound = f"import inspect\nfrom huggingface_hub import {name}\ninspect.signature({name}).bind({{}})\n"
    names = of or (f"huggingface_hub.{name}", f"huggingface_hub.HfApi().{name}")
    old = f"from huggingface_hub import {name}\n{name}({passed})\n"
    id = f"{name.replace('_', '-')}-{keyword.replace('_', '-')}"
    return argument(id, names, keyword, write, old, bound.format(new), fix=fix, since=HUB)


def _accelerator(keyword: str, value: str, write: str, new: str, fix=None) -> Rule:
    code = "from accelerate import Accelerator, DataLoaderConfiguration\nAccelerator({})\n"
    snippets = code.format(f"{keyword}={value}"), code.format(new)
    id, names = f"accelerator-{keyword.replace('_', '-')}", ("accelerate.Accelerator",)
    return argument(id, names, keyword, write, *snippets, fix=fix, since="accelerate>=1")


def _upload(keyword: str, write: str = "repo_id='owner/name'", fix=None) -> Rule:
    """Return the rule that `push_to_hub` of a model or a tokenizer has no `keyword`."""
    id, old, new = f"upload-{keyword.replace('_', '-')}", f"tokenizer.push_to_hub('a', {keyword}='x')\n", UPLOADED
    old = old.replace("'a', ", "" if keyword == "repo_path_or_name" else "'a', ")
    return argument(id, UPLOADS, keyword, write, f"{UPLOAD}{old}", f"{UPLOAD}{new}", fix=fix)


RULES = (
    _hub("create_repo", "name", "repo_id=…", "name='x'", "repo_id='ada/x'", rename("repo_id")),
    _hub("create_repo", "organization", "repo_id='organization/name'", "'x', organization='ada'", "'ada/x'"),
    _hub("whoami", "use_auth_token", "token=…", "use_auth_token='x'", "token='x'", rename("token")),
    _hub(
        "hf_hub_download",
        "use_auth_token",
        "token=…",
        "'a/b', 'c', use_auth_token=False",
        "'a/b', 'c', token=None",
        rename("token"),
    ),
    _hub("notebook_login", "new_session", "nothing", "new_session=False", "", drop),
    _hub("login", "write_permission", "nothing", "token='x', write_permission=True", "token='x'", drop),
    _hub("list_models", "direction", "nothing: the largest come first", "direction=-1", "sort='downloads'"),
    _hub("list_datasets", "direction", "nothing: the largest come first", "direction=-1", "sort='downloads'"),
    _hub("list_models", "task", "pipeline_tag=…", "task='x'", "pipeline_tag='x'"),
    _hub("list_models", "language", "filter=…", "language='en'", "filter='en'"),
    _hub("list_models", "library", "filter=…", "library='x'", "filter='x'"),
    _accelerator(
        "fp16",
        "False",
        'mixed_precision="fp16"',
        "mixed_precision='no'",
        rewrite({True: 'mixed_precision="fp16"', False: None}),
    ),
    _accelerator("logging_dir", "'logs'", "project_dir=…", "project_dir='logs'", rename("project_dir")),
    *(
        _accelerator(
            keyword,
            "True",
            f"dataloader_config=DataLoaderConfiguration({keyword}=…)",
            f"dataloader_config=DataLoaderConfiguration({keyword}=True)",
        )
        for keyword in ("even_batches", "use_seedable_sampler", "dispatch_batches")
    ),
    _upload("repo_path_or_name", fix=rename("repo_id")),
    _upload("repo_url"),
    _upload("organization"),
    _upload("use_temp_dir", "nothing", drop),
    _upload("use_auth_token", "token=…", rename("token")),
)
