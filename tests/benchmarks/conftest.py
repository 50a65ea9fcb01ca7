"""What several tests of the benchmark of speed need: a small model on the first pairs, and a count of steps."""

import pytest
from torch.optim.optimizer import register_optimizer_step_post_hook
from transformers import BertConfig, BertForSequenceClassification, set_seed
from turn import Subject


@pytest.fixture(scope="module")
def subject(pairs, tokenizer):
    """The first training pairs, and a model so small that a step takes milliseconds."""
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = BertConfig(vocab_size=len(tokenizer), initializer_range=0.2, **size, **still)

    def new_model(strategy):
        set_seed(0)
        return BertForSequenceClassification._from_config(config, attn_implementation=strategy.attn_implementation)

    some = pairs["train"].select(range(480))
    rows = some.map(lambda one: tokenizer(one["sentence1"], one["sentence2"], truncation=True), batched=True)
    rows = rows.select_columns([*tokenizer.model_input_names, "label"])
    return Subject(rows, [len(ids) for ids in rows["input_ids"]], tokenizer, config, new_model)


@pytest.fixture
def steps():
    """How many steps any optimizer of torch has made, as torch itself reports them."""
    made = []
    handle = register_optimizer_step_post_hook(lambda *_: made.append(1))
    yield made
    handle.remove()
