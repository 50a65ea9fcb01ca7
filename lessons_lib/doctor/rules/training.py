"""What changed in the arguments of `TrainingArguments` and of `Trainer`."""

import ast

from lessons_lib.doctor.fixes import Fix, attribute, drop, rename, rewrite
from lessons_lib.doctor.rules.rule import Rule, argument

ARGUMENTS = ("transformers.TrainingArguments", "transformers.Seq2SeqTrainingArguments")
TRAINERS = ("transformers.Trainer", "transformers.Seq2SeqTrainer")
TRAINER = """from transformers import AutoModel, AutoTokenizer, Trainer, TrainingArguments
model, tokenizer = AutoModel.from_pretrained(CHECKPOINT), AutoTokenizer.from_pretrained(CHECKPOINT)
args = TrainingArguments(report_to="none", use_cpu=True)
"""
TINY = """from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
args = TrainingArguments(report_to="none", use_cpu=True, max_steps=1, save_strategy="no", disable_tqdm=True)
trainer = Trainer(BertForSequenceClassification(config), args, train_dataset=[{"input_ids": [1, 2], "labels": 1}] * 8)
"""
NOTHING, AMP = "nothing", "nothing: torch.amp is used"


def _of(keyword: str, value: str, write: str, new: str = "", fix: Fix | None = None) -> Rule:
    """Return the rule that `TrainingArguments` has no `keyword`; `new` is what its snippet passes instead."""
    code = "from transformers import TrainingArguments\nTrainingArguments('out', report_to='none'{})\n"
    old, new = (code.format(f", {given}" if given else "") for given in (f"{keyword}={value}", new))
    return argument(keyword.replace("_", "-"), ARGUMENTS, keyword, write, old, new, fix=fix)


def _same(keyword: str, value: str, new: str) -> Rule:
    """Return the rule of an argument that has another name and means the same."""
    return _of(keyword, value, f"{new}=…", f"{new}={value}", rename(new))


def _ratio(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and 0 <= node.value < 1


OF_ARGUMENTS = (
    _same("evaluation_strategy", "'no'", "eval_strategy"),
    _same("per_gpu_train_batch_size", "4", "per_device_train_batch_size"),
    _same("per_gpu_eval_batch_size", "4", "per_device_eval_batch_size"),
    _same("no_cuda", "True", "use_cpu"),
    _same("push_to_hub_model_id", "'x'", "hub_model_id"),
    _same("push_to_hub_token", "'x'", "hub_token"),
    _same("include_tokens_per_second", "True", "include_num_input_tokens_seen"),
    _of(
        "group_by_length",
        "True",
        'train_sampling_strategy="group_by_length"',
        'train_sampling_strategy="group_by_length"',
        rewrite({True: 'train_sampling_strategy="group_by_length"', False: None}),
    ),
    _of(
        "warmup_ratio",
        "0.1",
        "warmup_steps=…: below 1 it's a ratio",
        "warmup_steps=0.1",
        rename("warmup_steps", only=_ratio),
    ),
    _of("logging_dir", "'logs'", "os.environ['TENSORBOARD_LOGGING_DIR'] = …, on a line before"),
    _of("overwrite_output_dir", "True", f"{NOTHING}: a folder that has files is no obstacle", fix=drop),
    _of("use_mps_device", "True", f"{NOTHING}: an Apple GPU is used where there is one", fix=drop),
    _of("fp16_backend", "'auto'", AMP, fix=rewrite({"auto": None, "amp": None})),
    _of("half_precision_backend", "'auto'", AMP, fix=rewrite({"auto": None, "cuda_amp": None, "cpu_amp": None})),
    _of("fp16_opt_level", "'O1'", AMP),
    _of("push_to_hub_organization", "'x'", "hub_model_id='organization/name'", "hub_model_id='x/y'"),
    _of(
        "include_inputs_for_metrics",
        "True",
        'include_for_metrics=["inputs"]',
        'include_for_metrics=["inputs"]',
        rewrite({True: 'include_for_metrics=["inputs"]', False: None}),
    ),
    _of("jit_mode_eval", "False", "torch_compile=…", "torch_compile=False", rewrite({False: None})),
    _of("save_safetensors", "True", f"{NOTHING}: there's no other format", fix=rewrite({True: None})),
    _of("adafactor", "True", 'optim="adafactor"', "optim='adafactor'", rewrite({True: 'optim="adafactor"'})),
    _of("evaluate_during_training", "True", "eval_strategy='steps'", "eval_strategy='no'"),
    _of("tpu_num_cores", "8", "the environment variable TPU_NUM_CORES, or nothing"),
    _of("fsdp_min_num_params", "0", "fsdp_config={'min_num_params': …}", "fsdp_config=None"),
    _of("fsdp_transformer_layer_cls_to_wrap", "'X'", "fsdp_config={'transformer_layer_cls_to_wrap': …}"),
    _of("past_index", "-1", f"{NOTHING}: the models that it was for are gone"),
)
RULES = (
    *OF_ARGUMENTS,
    argument(
        "trainer-tokenizer",
        TRAINERS,
        "tokenizer",
        "processing_class=…",
        f"{TRAINER}Trainer(model=model, args=args, tokenizer=tokenizer)\n",
        f"{TRAINER}Trainer(model=model, args=args, processing_class=tokenizer)\n",
        fix=rename("processing_class"),
    ),
    Rule(
        "trainer-attribute-tokenizer",
        "transformers>=5",
        tuple(f"{name}().tokenizer" for name in TRAINERS),
        "A Trainer has no attribute `tokenizer` any longer.",
        "trainer.processing_class",
        f"{TRAINER}trainer = Trainer(model, args, processing_class=tokenizer)\ntrainer.tokenizer\n",
        f"{TRAINER}trainer = Trainer(model, args, processing_class=tokenizer)\ntrainer.processing_class\n",
        error=AttributeError,
        fix=attribute("processing_class"),
    ),
    argument(
        "train-model-path",
        tuple(f"{name}().train" for name in TRAINERS),
        "model_path",
        "resume_from_checkpoint=…",
        f"{TINY}trainer.train(model_path=None)\n",
        f"{TINY}trainer.train(resume_from_checkpoint=None)\n",
        fix=rename("resume_from_checkpoint"),
    ),
)
