"""What changed in tokenizers, models and pipelines."""

import ast

from lessons_lib.doctor.fixes import all_rows, call_itself, rename, rewrite
from lessons_lib.doctor.rules.rule import Rule, argument
from lessons_lib.doctor.values import COLUMN, MODEL, OWN_LOADING, PIPELINE, TOKENIZER, literal, value
from lessons_lib.doctor.values import argument as given

READY = "from transformers import AutoTokenizer\ntokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)\n"
COLUMNS = f"from datasets import load_dataset\nraw = load_dataset(PAIRS, 'pairs')\n{READY}"
SMALL = """import torch
from transformers import GPT2Config, GPT2LMHeadModel
config = GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=50, bos_token_id=1, eos_token_id=2, pad_token_id=0)
model, ids = GPT2LMHeadModel(config), torch.tensor([[5, 6]])
"""
MODELS = ("transformers.PreTrainedModel.from_pretrained",)
PIPES = """from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
model = AutoModelForTokenClassification.from_pretrained(CHECKPOINT)
tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
"""
SENTENCE = 'text = ["a", "b"]'


def _method(name: str, write: str, old: str, new: str, fix=None) -> Rule:
    """Return the rule that a tokenizer has no method `name` any longer."""
    why = f"A tokenizer has no `{name}` any longer."
    names, code = (f"{TOKENIZER}.{name}",), (READY + old, READY + new)
    return Rule(name.replace("_", "-"), "transformers>=5", names, why, write, *code, error=AttributeError, fix=fix)


def _itself(match):
    """Call the tokenizer itself, where the texts aren't given under a name that it doesn't know."""
    known = not isinstance(match.node, ast.Call) or "batch_text_or_text_pairs" in {
        one.arg for one in match.node.keywords
    }
    return None if known else call_itself(match)


def _column(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    """Return the argument that is a column, which isn't a list."""
    texts = [*call.args[:2], *(given(call, name) for name in ("text", "text_pair", "text_target"))]
    return next((one for one in texts if one is not None and value(one, names) == COLUMN), None)


def _input(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    return next((one for one in call.args[:1] if value(one, names) == COLUMN), None)


def _frameworks(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    asked = given(call, "return_tensors")
    return asked if literal(asked, names) in ("tf", "jax", "flax") else None


def _checkpoint(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    """Return the call where its checkpoint is named, and isn't one whose class takes any argument."""
    named = literal(call.args[0] if call.args else given(call, "pretrained_model_name_or_path"), names)
    return call if named is not None and not OWN_LOADING.search(named) else None


def _contrastive(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    return call if given(call, "top_k") is not None else None


def _generate(id: str, keyword: str, write: str, old: str, when=None) -> Rule:
    """Return the rule that `generate` fetches a program from the Hub for a way of decoding, and asks whether it may."""
    return Rule(
        id,
        "transformers>=5",
        (f"{MODEL}.generate",),
        f"`generate` has no `{keyword}` of its own any longer: it would run a program from the Hub.",
        write,
        f"{SMALL}model.generate(ids, max_new_tokens=2, {old})\n",
        f"{SMALL}model.generate(ids, max_new_tokens=2, num_beams=2)\n",
        error=ValueError,
        keyword=keyword,
        when=when,
    )


def _loading(keyword: str, value: str, write: str, fix=None, new: str = "") -> Rule:
    code = "from transformers import AutoModel\nAutoModel.from_pretrained(CHECKPOINT{})\n"
    snippets = code.format(f", {keyword}={value}"), code.format(new)
    return argument(keyword.replace("_", "-"), MODELS, keyword, write, *snippets, when=_checkpoint, fix=fix)


RULES = (
    _method("encode_plus", "tokenizer(…)", "tokenizer.encode_plus('a')\n", "tokenizer('a')\n", _itself),
    _method("batch_encode_plus", "tokenizer(…)", "tokenizer.batch_encode_plus(['a'])\n", "tokenizer(['a'])\n", _itself),
    _method(
        "as_target_tokenizer",
        "tokenizer(text_target=…), with no block around it",
        "with tokenizer.as_target_tokenizer():\n    tokenizer('a')\n",
        "tokenizer(text_target='a')\n",
    ),
    _method(
        "prepare_seq2seq_batch",
        "tokenizer(sources, text_target=targets)",
        "tokenizer.prepare_seq2seq_batch(['a'], ['b'])\n",
        "tokenizer(['a'], text_target=['b'])\n",
    ),
    _method(
        "additional_special_tokens",
        "extra_special_tokens",
        "tokenizer.additional_special_tokens\n",
        "tokenizer.extra_special_tokens\n",
    ),
    _method("max_len", "tokenizer.model_max_length", "tokenizer.max_len\n", "tokenizer.model_max_length\n"),
    Rule(
        "column",
        "datasets>=4",
        (TOKENIZER,),
        "A column of a dataset is read when it's needed: it's no list, and a tokenizer wants one.",
        'the column with [:] behind it, such as dataset["text"][:]',
        f"{COLUMNS}tokenizer(raw['test']['sentence1'], truncation=True)\n",
        f"{COLUMNS}tokenizer(raw['test']['sentence1'][:], truncation=True)\n",
        error=ValueError,
        when=_column,
        fix=all_rows,
    ),
    Rule(
        "column-in-pipeline",
        "datasets>=4",
        (PIPELINE,),
        "A column of a dataset is read when it's needed: it's no list, and a pipeline of texts wants one.",
        'the column with [:] behind it, such as dataset["text"][:]',
        f"{COLUMNS}{PIPES}pipeline('ner', model=model, tokenizer=tokenizer)(raw['test']['sentence1'])\n",
        f"{COLUMNS}{PIPES}pipeline('ner', model=model, tokenizer=tokenizer)(raw['test']['sentence1'][:2])\n",
        error=ValueError,
        when=_input,
        fix=all_rows,
    ),
    Rule(
        "framework",
        "transformers>=5",
        (TOKENIZER, f"{TOKENIZER}.pad"),
        "transformers makes tensors of PyTorch and NumPy, no longer those of TensorFlow and JAX.",
        'return_tensors="pt" or "np"',
        f"{READY}tokenizer('a', return_tensors='tf')\n",
        f"{READY}tokenizer('a', return_tensors='pt')\n",
        error=ValueError,
        when=_frameworks,
    ),
    _loading("use_auth_token", "True", "token=…", rename("token"), ", token=None"),
    _loading(
        "load_in_8bit", "False", "quantization_config=BitsAndBytesConfig(load_in_8bit=True)", rewrite({False: None})
    ),
    _loading(
        "load_in_4bit", "False", "quantization_config=BitsAndBytesConfig(load_in_4bit=True)", rewrite({False: None})
    ),
    _loading("torchscript", "False", "torch.export or torch.compile", rewrite({False: None})),
    _generate("group-beams", "num_beam_groups", "num_beams=… with do_sample=True", "num_beams=4, num_beam_groups=2"),
    _generate("contrastive", "penalty_alpha", "do_sample=True, top_p=…", "penalty_alpha=0.6, top_k=4", _contrastive),
    _generate("constrained-beams", "force_words_ids", "num_beams=…", "num_beams=4, force_words_ids=[[7]]"),
    argument(
        "grouped-entities",
        ("transformers.pipeline",),
        "grouped_entities",
        'aggregation_strategy="simple"',
        f"{PIPES}pipeline('ner', model=model, tokenizer=tokenizer, grouped_entities=True)\n",
        f"{PIPES}pipeline('ner', model=model, tokenizer=tokenizer, aggregation_strategy='simple')\n",
        fix=rewrite({True: 'aggregation_strategy="simple"', False: 'aggregation_strategy="none"'}),
    ),
)
