"""Trainers for the tests of the check-up: sound ones over tasks and settings, and each usual mistake on its own."""

from __future__ import annotations

import random

import numpy as np
import torch
from datasets import ClassLabel, Dataset, Features
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertForTokenClassification,
    DataCollatorForLanguageModeling,
    DataCollatorForSeq2Seq,
    DataCollatorForTokenClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaConfig,
    RobertaForSequenceClassification,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    T5Config,
    T5ForConditionalGeneration,
    Trainer,
    TrainingArguments,
    default_data_collator,
    set_seed,
)

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
TRAIN, EVAL = 64, 32
WORDS = ["river", "stone", "market", "teacher", "window", "garden", "engine", "letter", "winter", "bridge", "doctor"]


class Workshop:
    """Builds trainers from the course's tokenizer and pairs, in a folder of its own."""

    def __init__(self, tokenizer, pairs, folder):
        self.tokenizer, self.folder, self.vocabulary = tokenizer, folder, len(tokenizer)
        self.pairs = {"train": pairs["train"].select(range(TRAIN)), "eval": pairs["validation"].select(range(EVAL))}

    def encode(self, split="train", second=True, **settings):
        texts = [self.pairs[split]["sentence1"][:]] + ([self.pairs[split]["sentence2"][:]] if second else [])
        return dict(self.tokenizer(*texts, **{"truncation": True, "max_length": 128, **settings}))

    def data(self, split="train", labels=None, **settings):
        encoded = self.encode(split, **settings)
        return Dataset.from_dict({**encoded, "label": labels or self.pairs[split]["label"][:]})

    def bert(self, kind=BertForSequenceClassification, **settings):
        set_seed(0)
        return kind(BertConfig(vocab_size=self.vocabulary, **SMALL, **settings))

    def trainer(self, model=None, kind=Trainer, args=None, **settings):
        data = {"train_dataset": self.data("train"), "eval_dataset": self.data("eval")}
        data |= {"processing_class": self.tokenizer}
        chosen = {"learning_rate": 1e-3, "report_to": "none", "use_cpu": True, "disable_tqdm": True, "save_steps": 10}
        make = Seq2SeqTrainingArguments if kind is Seq2SeqTrainer else TrainingArguments
        model = self.bert() if model is None else model
        return kind(model, make(str(self.folder), **{**chosen, **(args or {})}), **{**data, **settings})


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


def numbered(classes, rows=TRAIN):
    return [place % classes for place in range(rows)]


# sound


def of_pairs(shop):
    return shop.trainer(compute_metrics=accuracy)


def of_texts(shop):
    set_seed(0)
    model = DistilBertForSequenceClassification(
        DistilBertConfig(vocab_size=shop.vocabulary, dim=32, n_layers=2, n_heads=2, hidden_dim=64)
    )
    sets = {f"{name}_dataset": shop.data(name, second=False) for name in ("train", "eval")}
    return shop.trainer(model, **sets, compute_metrics=accuracy)


def of_three_classes(shop):
    set_seed(0)
    config = RobertaConfig(
        vocab_size=shop.vocabulary, num_labels=3, pad_token_id=0, max_position_embeddings=140, **SMALL
    )
    sets = {"train_dataset": shop.data(labels=numbered(3)), "eval_dataset": shop.data("eval", numbered(3, EVAL))}
    return shop.trainer(RobertaForSequenceClassification(config), **sets)


def of_twelve_classes(shop):
    sets = {"train_dataset": shop.data(labels=numbered(12)), "eval_dataset": shop.data("eval", numbered(12, EVAL))}
    return shop.trainer(shop.bert(num_labels=12), **sets, compute_metrics=accuracy)


def of_numbers(shop):
    def error(prediction):
        return {"error": float(np.abs(prediction.predictions.squeeze() - prediction.label_ids).mean())}

    labels = [round(random.Random(place).uniform(-1, 1), 2) for place in range(TRAIN)]
    sets = {"train_dataset": shop.data(labels=labels), "eval_dataset": shop.data("eval", labels[:EVAL])}
    return shop.trainer(shop.bert(num_labels=1), **sets, compute_metrics=error)


def of_several_labels(shop):
    labels = [[float(place % 2), float(place % 3 == 0), float(place % 5 == 0)] for place in range(TRAIN)]
    sets = {"train_dataset": shop.data(labels=labels), "eval_dataset": shop.data("eval", labels[:EVAL])}
    return shop.trainer(shop.bert(num_labels=3, problem_type="multi_label_classification"), **sets)


def of_tokens(shop):
    def tagged(split):
        encoded = shop.encode(split, second=False)
        special = set(shop.tokenizer.all_special_ids)
        tags = [[-100 if one in special else one % 3 for one in row] for row in encoded["input_ids"]]
        return Dataset.from_dict({**encoded, "labels": tags})

    def right(prediction):
        known = prediction.label_ids != -100
        return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids)[known].mean())}

    return shop.trainer(
        shop.bert(BertForTokenClassification, num_labels=3),
        train_dataset=tagged("train"),
        eval_dataset=tagged("eval"),
        data_collator=DataCollatorForTokenClassification(shop.tokenizer),
        compute_metrics=right,
    )


def gpt2(shop):
    set_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=shop.vocabulary, n_embd=32, n_layer=2, n_head=2, n_positions=128))


def language_sets(shop):
    return {
        f"{name}_dataset": Dataset.from_dict(shop.encode(name, second=False, max_length=24))
        for name in ("train", "eval")
    }


def of_next_words(shop):
    collator = DataCollatorForLanguageModeling(shop.tokenizer, mlm=False)
    return shop.trainer(gpt2(shop), **language_sets(shop), data_collator=collator, args={"learning_rate": 1e-3})


def of_masked_words(shop):
    collator = DataCollatorForLanguageModeling(shop.tokenizer)
    return shop.trainer(shop.bert(BertForMaskedLM), **language_sets(shop), data_collator=collator)


def of_seeded_masks(shop):
    trainer = of_masked_words(shop)
    trainer.data_collator.seed = 7  # it then draws from a generator of its own
    return trainer


def t5(shop):
    set_seed(0)
    config = T5Config(vocab_size=shop.vocabulary, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2)
    config.pad_token_id = config.decoder_start_token_id = shop.tokenizer.pad_token_id
    return T5ForConditionalGeneration(config)


def answers(shop, split="train", **settings):
    encoded = shop.encode(split, second=False)
    told = shop.tokenizer(shop.pairs[split]["sentence2"][:], truncation=True, max_length=16, **settings)["input_ids"]
    return Dataset.from_dict({**encoded, "labels": told})


def of_answers(shop):
    model = t5(shop)
    collator = DataCollatorForSeq2Seq(shop.tokenizer, model=model)
    sets = {"train_dataset": answers(shop), "eval_dataset": answers(shop, "eval")}
    return shop.trainer(model, kind=Seq2SeqTrainer, **sets, data_collator=collator)


def with_frozen_embeddings(shop):
    model = shop.bert()
    model.bert.embeddings.requires_grad_(False)
    return shop.trainer(model)


def with_adapters(shop):
    from peft import LoraConfig, TaskType, get_peft_model

    model = get_peft_model(shop.bert(), LoraConfig(task_type=TaskType.SEQ_CLS, r=8, target_modules=["query", "value"]))
    return shop.trainer(model, args={"learning_rate": 1e-2})


def with_own_collator(shop):
    rows = [dict(one) for one in shop.pairs["train"]]

    def collate(rows):
        random.random(), np.random.rand(), torch.rand(1)  # as one that augments texts would
        batch = shop.tokenizer([one["sentence1"] for one in rows], padding=True, truncation=True, return_tensors="pt")
        return {**batch, "labels": torch.tensor([one.pop("label") for one in rows])}  # takes the rows apart

    args = {"remove_unused_columns": False}
    return shop.trainer(train_dataset=rows, eval_dataset=None, data_collator=collate, args=args)


def with_a_stream(shop):
    rows = shop.data("train").to_iterable_dataset()
    return shop.trainer(train_dataset=rows, args={"max_steps": 20})


def without_evaluation(shop):
    return shop.trainer(eval_dataset=None)


def with_two_evaluations(shop):
    both = {"near": shop.data("eval").select(range(16)), "far": shop.data("eval").select(range(16, EVAL))}
    return shop.trainer(eval_dataset=both, compute_metrics=accuracy)


def weighed(outputs, labels, num_items_in_batch=None):
    loss = nn.functional.cross_entropy(outputs["logits"], labels, torch.tensor([1.0, 2.0]), reduction="sum")
    return loss / num_items_in_batch if num_items_in_batch is not None else loss / len(labels)


def with_class_weights(shop):
    return shop.trainer(compute_loss_func=weighed, args={"gradient_accumulation_steps": 2})


def with_accumulation(shop):
    trainer = shop.trainer(args={"gradient_accumulation_steps": 4, "per_device_train_batch_size": 2})
    trainer.model_accepts_loss_kwargs = False
    return trainer


def with_bf16(shop):
    return shop.trainer(args={"bf16": True})


def with_own_optimizer(shop):
    model = shop.bert()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    return shop.trainer(model, optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer)))


class Remembers(Trainer):
    """Computes its own loss, and writes down each."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        self.seen = []

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        outputs = model(**inputs)
        self.seen.append(outputs.loss.item())
        self.log({"mine": outputs.loss.item()})
        return (outputs.loss, outputs) if return_outputs else outputs.loss


def with_own_loss(shop):
    return shop.trainer(kind=Remembers)


def with_grouped_batches(shop):
    return shop.trainer(args={"train_sampling_strategy": "group_by_length"})


def with_a_head_alone(shop):
    model = shop.bert(initializer_range=0.1)
    model.bert.requires_grad_(False)
    return shop.trainer(model, args={"learning_rate": 5e-2})


SOUND = {  # what each builds, and the doubts that are true of it
    of_pairs: {},
    of_texts: {},
    of_three_classes: {},
    of_twelve_classes: {},
    of_numbers: {},
    of_several_labels: {},
    of_tokens: {},
    of_next_words: {},
    of_masked_words: {},
    of_seeded_masks: {},
    of_answers: {},
    with_frozen_embeddings: {},
    with_adapters: {},
    with_own_collator: {},
    with_a_stream: {},
    without_evaluation: {},
    with_two_evaluations: {},
    with_class_weights: {},
    with_accumulation: {},
    with_bf16: {},
    with_own_optimizer: {},
    with_own_loss: {},
    with_grouped_batches: {"order": "doubt"},
    with_a_head_alone: {"weights": "doubt"},
}


# broken


def labels_from_one(shop):
    return shop.trainer(shop.bert(num_labels=5), train_dataset=shop.data(labels=[1 + n for n in numbered(5)]))


def evaluation_without_answers(shop):
    return shop.trainer(eval_dataset=shop.data("eval", [-1] * EVAL))


def labels_with_a_point(shop):
    return shop.trainer(train_dataset=shop.data(labels=[float(one) for one in numbered(2)]))


def regression_by_accident(shop):
    return shop.trainer(shop.bert(num_labels=1))


def one_class(shop):
    return shop.trainer(train_dataset=shop.data(labels=[1] * TRAIN))


def a_class_too_many(shop):
    return shop.trainer(shop.bert(num_labels=4))


def names_in_another_order(shop):
    features = Features({"label": ClassLabel(names=["no", "yes"])})
    data = shop.data().cast_column("label", features["label"])
    names = {"id2label": {0: "yes", 1: "no"}, "label2id": {"yes": 0, "no": 1}}
    return shop.trainer(shop.bert(**names), train_dataset=data)


def no_labels(shop):
    return shop.trainer(train_dataset=shop.data().rename_column("label", "stars"))


def ids_of_another(shop):
    data = shop.data()
    return shop.trainer(train_dataset=data.map(lambda one: {"input_ids": [n + 9000 for n in one["input_ids"]]}))


def ids_of_a_larger_tokenizer(shop):
    set_seed(0)
    model = BertForSequenceClassification(BertConfig(vocab_size=30_000, **SMALL))
    keep = shop.data().filter(lambda one: max(one["input_ids"]) < 30_000)
    return shop.trainer(model, train_dataset=keep, eval_dataset=keep.select([]) if not len(keep) else None)


def too_long(shop):
    return shop.trainer(shop.bert(max_position_embeddings=16))


def words_unknown(shop):
    texts = ["🍕 🍔 🍟 🌭 🍿 " + " ".join(random.Random(n).sample(WORDS, 5)) for n in range(TRAIN)]
    data = Dataset.from_dict({**shop.tokenizer(texts), "label": numbered(2)})
    return shop.trainer(train_dataset=data, eval_dataset=None)


def no_special_tokens(shop):
    sets = {f"{name}_dataset": shop.data(name, second=False, add_special_tokens=False) for name in ("train", "eval")}
    return shop.trainer(**sets)


def pairs_without_types(shop):
    sets = {f"{name}_dataset": shop.data(name).remove_columns("token_type_ids") for name in ("train", "eval")}
    return shop.trainer(**sets)


def ragged_evaluation(shop):
    rows = [{"input_ids": [101, 102], "label": 0}, {"input_ids": [101, 5, 102], "label": "two"}]
    return shop.trainer(eval_dataset=rows)


def cut_off(shop):
    sets = {f"{name}_dataset": shop.data(name, max_length=38) for name in ("train", "eval")}
    return shop.trainer(**sets)


def ragged(shop):
    return shop.trainer(processing_class=None, data_collator=default_data_collator)


def no_mask(shop):
    def padded(split):
        return shop.data(split, padding="max_length").remove_columns("attention_mask")

    sets = {"train_dataset": padded("train"), "eval_dataset": padded("eval")}
    return shop.trainer(**sets, data_collator=default_data_collator)


def mask_of_ones(shop):
    def ones(split):
        data = shop.data(split, padding="max_length")
        return data.map(lambda one: {"attention_mask": [1] * len(one["input_ids"])})

    return shop.trainer(train_dataset=ones("train"), eval_dataset=ones("eval"))


def leaking(shop):
    both = Dataset.from_list([*shop.data("eval"), *shop.data()])
    return shop.trainer(train_dataset=both.select(range(TRAIN)))


def swapped_leak(shop):
    turned = dict(shop.tokenizer(shop.pairs["train"]["sentence2"][:EVAL], shop.pairs["train"]["sentence1"][:EVAL]))
    return shop.trainer(eval_dataset=Dataset.from_dict({**turned, "label": shop.pairs["train"]["label"][:EVAL]}))


def repeated(shop):
    data = shop.data()
    return shop.trainer(train_dataset=data.select([*range(50), *range(14)]))


def torn_labels(shop):
    rows = list(shop.data())
    rows[1] = {**rows[0], "label": 1 - rows[0]["label"]}
    return shop.trainer(train_dataset=Dataset.from_list(rows))


def all_frozen(shop):
    return shop.trainer(shop.bert().requires_grad_(False))


def head_frozen(shop):
    model = shop.bert()
    model.classifier.requires_grad_(False)
    return shop.trainer(model)


def adapters_without_head(shop):
    from peft import LoraConfig, get_peft_model

    return shop.trainer(get_peft_model(shop.bert(), LoraConfig(r=8, target_modules=["query", "value"])))


def stored_in_16_bits(shop):
    return shop.trainer(shop.bert().to(torch.bfloat16))


def not_numbers(shop):
    model = shop.bert()
    model.bert.encoder.layer[1].output.dense.weight.data[0, 0] = float("nan")
    return shop.trainer(model)


def optimizer_of_another(shop):
    optimizer = torch.optim.AdamW(shop.bert().parameters(), lr=1e-3)
    return shop.trainer(optimizers=(optimizer, None))


def optimizer_of_the_head(shop):
    model = shop.bert()
    return shop.trainer(model, optimizers=(torch.optim.AdamW(model.classifier.parameters(), lr=1e-3), None))


def no_rate(shop):
    return shop.trainer(args={"learning_rate": 0.0})


def rate_too_low(shop):
    return shop.trainer(args={"learning_rate": 1e-7})


def rate_too_high(shop):
    return shop.trainer(args={"learning_rate": 3.0})


def warm_up_without_end(shop):
    return shop.trainer(args={"warmup_steps": 500})


def no_steps(shop):
    few = shop.data().select(range(6))
    return shop.trainer(train_dataset=few, args={"dataloader_drop_last": True})


def accumulation_multiplied(shop):
    return shop.trainer(args={"gradient_accumulation_steps": 4, "per_device_train_batch_size": 2})


def own_loss_multiplied(shop):
    def mean(outputs, labels, num_items_in_batch=None):
        return nn.functional.cross_entropy(outputs["logits"], labels)

    return shop.trainer(compute_loss_func=mean, args={"gradient_accumulation_steps": 3, "num_train_epochs": 5})


def worse_than_chance(shop):
    model = shop.bert()
    model.classifier.weight.data *= 300
    return shop.trainer(model)


def trained_already(shop):
    trainer = shop.trainer(args={"max_steps": 120, "learning_rate": 3e-3, "save_strategy": "no"})
    trainer.train()
    return shop.trainer(trainer.model)


class Deaf(BertForSequenceClassification):
    """Answers without having read: what its body says is multiplied by 0."""

    def __init__(self, config):
        super().__init__(config)
        self.bert.pooler.dense.register_forward_hook(zeros)


def zeros(module, inputs, output):
    return 0 * output


zeros.__module__ = "transformers"  # a hook that belongs to the model


def deaf(shop):
    return shop.trainer(shop.bert(Deaf), train_dataset=shop.data(labels=numbered(2)))


def metric_that_raises(shop):
    def score(prediction):
        from sklearn.metrics import f1_score

        return {"f1": f1_score(prediction.label_ids, prediction.predictions.argmax(-1))}

    sets = {"train_dataset": shop.data(labels=numbered(3)), "eval_dataset": shop.data("eval", numbered(3, EVAL))}
    return shop.trainer(shop.bert(num_labels=3), **sets, compute_metrics=score)


def metric_that_cannot_tell(shop):
    return shop.trainer(compute_metrics=lambda prediction: {"accuracy": float((prediction.predictions >= -99).mean())})


def metric_never_made(shop):
    best = {"eval_strategy": "steps", "eval_steps": 10, "load_best_model_at_end": True, "metric_for_best_model": "f1"}
    return shop.trainer(compute_metrics=accuracy, args=best)


def worst_kept(shop):
    best = {"eval_strategy": "steps", "eval_steps": 10, "load_best_model_at_end": True}
    best |= {"metric_for_best_model": "accuracy", "greater_is_better": False}
    return shop.trainer(compute_metrics=accuracy, args=best)


def padded_answers(shop):
    model = t5(shop)
    longer = {"train_dataset": answers(shop, padding="max_length"), "eval_dataset": answers(shop, "eval")}
    longer["train_dataset"] = longer["train_dataset"].map(lambda one: {"labels": one["labels"] + [0] * 24})
    return shop.trainer(model, **longer, data_collator=DataCollatorForSeq2Seq(shop.tokenizer, model=model))


BROKEN = {  # what each builds, and the looks that find it
    labels_from_one: {"labels": "fault"},
    evaluation_without_answers: {"labels": "fault"},
    labels_with_a_point: {"labels": "fault"},
    regression_by_accident: {"labels": "fault"},
    one_class: {"labels": "fault"},
    a_class_too_many: {"labels": "doubt"},
    names_in_another_order: {"labels": "fault"},
    no_labels: {"labels": "fault"},
    ids_of_another: {"ids": "fault", "batch": "doubt"},
    ids_of_a_larger_tokenizer: {"ids": "doubt"},
    too_long: {"ids": "fault"},
    words_unknown: {"batch": "doubt"},
    no_special_tokens: {"batch": "doubt"},
    pairs_without_types: {"batch": "doubt"},
    cut_off: {"batch": "doubt"},
    ragged_evaluation: {"batch": "fault"},
    ragged: {"batch": "fault"},
    no_mask: {"mask": "fault"},
    mask_of_ones: {"mask": "fault"},
    leaking: {"splits": "fault"},
    swapped_leak: {"splits": "fault"},
    repeated: {"splits": "doubt"},
    torn_labels: {"splits": "doubt"},
    all_frozen: {"weights": "fault"},
    head_frozen: {"weights": "fault"},
    adapters_without_head: {"weights": "fault"},
    stored_in_16_bits: {"weights": "fault"},
    not_numbers: {"weights": "fault"},
    optimizer_of_another: {"optimizer": "fault"},
    optimizer_of_the_head: {"optimizer": "fault"},
    no_rate: {"optimizer": "fault"},
    rate_too_low: {"optimizer": "doubt", "eight by heart": "doubt"},
    rate_too_high: {"optimizer": "doubt", "eight by heart": "doubt"},
    warm_up_without_end: {"schedule": "fault"},
    no_steps: {"schedule": "fault"},
    accumulation_multiplied: {"accumulation": "fault"},
    own_loss_multiplied: {"accumulation": "fault"},
    worse_than_chance: {"first loss": "doubt"},
    trained_already: {"first loss": "doubt"},
    deaf: {"eight by heart": "fault"},
    metric_that_raises: {"metric": "fault"},
    metric_that_cannot_tell: {"metric": "fault"},
    metric_never_made: {"metric": "fault"},
    worst_kept: {"metric": "fault"},
    padded_answers: {"labels": "doubt"},
}
