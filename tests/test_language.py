"""Perplexity and the next pieces: against figures worked by hand."""

import math

import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    LlamaConfig,
    LlamaForCausalLM,
    set_seed,
)

from lessons_lib.language import guess_hidden, next_pieces, perplexity

TEXTS = ["The council closed the bridge.", "Rain fell.", "A new library will open in the old mill next May."]


@pytest.fixture(scope="module")
def model(tokenizer):
    set_seed(0)
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **small, initializer_range=0.3)).eval()


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_perplexity_is_that_of_every_predicted_piece_however_it_is_batched(model, tokenizer, batch_size):
    rows, surprise = [tokenizer(text) for text in TEXTS], []
    for row in rows:
        ids = torch.tensor([row["input_ids"]])
        with torch.no_grad():
            chances = model(input_ids=ids).logits[0].log_softmax(-1)
        surprise += [-chances[place, ids[0, place + 1]].item() for place in range(ids.shape[1] - 1)]
    collate = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    by_hand = math.exp(sum(surprise) / len(surprise))
    assert perplexity(model, rows, collate, batch_size) == pytest.approx(by_hand, rel=1e-4)


def test_a_model_that_knows_nothing_hesitates_among_its_whole_vocabulary(model, tokenizer):
    knows_nothing = LlamaForCausalLM(model.config)
    torch.nn.init.zeros_(knows_nothing.lm_head.weight)
    collate = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    found = perplexity(knows_nothing, [tokenizer(text) for text in TEXTS], collate)
    assert found == pytest.approx(len(tokenizer), rel=1e-4)


def test_next_pieces_are_a_softmax_over_the_whole_vocabulary(tokenizer):
    scores = torch.zeros(len(tokenizer))
    scores[[2023, 2003]] = torch.tensor([10.0, 8.0])  # "this", "is"
    table = next_pieces(scores, (0.5, 1.0), tokenizer, most=2)
    assert table.index.tolist() == ["this", "is"]
    for heat in table:
        whole = math.exp(10 / heat) + math.exp(8 / heat) + len(tokenizer) - 2
        assert table[heat].tolist() == pytest.approx(
            [math.exp(10 / heat) / whole, math.exp(8 / heat) / whole], rel=1e-4
        )


def test_hidden_pieces_are_judged_alone_and_alike_in_any_batches(tokenizer):
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    set_seed(0)
    guesser = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), **small, initializer_range=0.5)).eval()
    batch = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.4, seed=1)([tokenizer(text) for text in TEXTS])
    with torch.no_grad():
        chances = guesser(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.log_softmax(-1)
    places = (batch["labels"] != -100).nonzero().tolist()
    losses = [-chances[row, place, batch["labels"][row, place]].item() for row, place in places]
    hits = [chances[row, place].argmax() == batch["labels"][row, place] for row, place in places]
    by_hand = {"loss": sum(losses) / len(losses), "accuracy": sum(hits).item() / len(hits)}
    apart = [{name: tensor[[row]] for name, tensor in batch.items()} for row in range(len(TEXTS))]
    assert len(places) > 3
    for some in ([batch], apart):
        assert guess_hidden(guesser, some) == pytest.approx(by_hand, rel=1e-4)


def test_one_row_of_scores_answers_for_every_place():
    share = torch.tensor([0.5, 0.25, 0.25]).log()
    judged = guess_hidden(share, [{"labels": torch.tensor([[0, 1, -100]])}])
    assert judged == pytest.approx({"loss": (math.log(2) + math.log(4)) / 2, "accuracy": 0.5})
