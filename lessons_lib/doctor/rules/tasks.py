"""The tasks that `pipeline` has no longer."""

import ast

from lessons_lib.doctor.rules.rule import Rule
from lessons_lib.doctor.values import argument, literal

T5 = """import torch
from transformers import T5Config, T5ForConditionalGeneration
config = T5Config(d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, vocab_size=50, decoder_start_token_id=0)
T5ForConditionalGeneration(config).generate(torch.tensor([[5, 6, 1]]), max_new_tokens=2)
"""
QUESTIONS = """from transformers import AutoModelForQuestionAnswering, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
model = AutoModelForQuestionAnswering.from_pretrained(CHECKPOINT)
model(**tokenizer("Who?", "I.", return_tensors="pt")).start_logits.argmax()
"""
SEQ2SEQ = "AutoModelForSeq2SeqLM, its tokenizer and model.generate(…), or a chat model in the task text-generation"


def _asks(*tasks: str):
    """Return what finds the task in a call, where it's one of `tasks`."""

    def when(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
        node = call.args[0] if call.args else argument(call, "task")
        task = literal(node, names)
        return node if task in tasks or (task and task.startswith(tuple(f"{one}_" for one in tasks))) else None

    return when


def _task(id: str, tasks: tuple[str, ...], write: str, new: str) -> Rule:
    """Return the rule that the first of `tasks`, and the others, aren't there any longer."""
    return Rule(
        f"task-{id}",
        "transformers>=5",
        ("transformers.pipeline",),
        "`pipeline` has no longer this task.",
        write,
        f"from transformers import pipeline\npipeline('{tasks[0]}', model=CHECKPOINT)\n",
        new,
        error=KeyError,
        when=_asks(*tasks),
    )


RULES = (
    _task("summarization", ("summarization",), SEQ2SEQ, T5),
    _task("translation", ("translation",), SEQ2SEQ, T5),
    _task("text2text", ("text2text-generation",), SEQ2SEQ, T5),
    _task(
        "question-answering",
        ("question-answering",),
        "AutoModelForQuestionAnswering and its tokenizer: the answer is from the start's to the end's largest logit",
        QUESTIONS,
    ),
    _task(
        "conversational",
        ("conversational",),
        'the task text-generation, with a list of messages: [{"role": "user", "content": …}]',
        "from transformers import TextGenerationPipeline\n",
    ),
    _task(
        "visual-questions",
        ("visual-question-answering", "vqa"),
        "the task image-text-to-text",
        "from transformers import AutoModelForImageTextToText, ImageTextToTextPipeline\n",
    ),
    _task(
        "image-to-image",
        ("image-to-image",),
        "AutoModelForImageToImage with its image processor, or the package diffusers",
        "from transformers import AutoModelForImageToImage\n",
    ),
)
