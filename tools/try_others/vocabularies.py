"""Tokenizers of other kinds, trained in less than a second on the course's own sentences."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import (
    AlbertTokenizer,
    AutoTokenizer,
    BertTokenizer,
    DebertaV2Tokenizer,
    DistilBertTokenizer,
    GPT2Tokenizer,
    LlamaTokenizer,
    MPNetTokenizer,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    RobertaTokenizer,
    T5Tokenizer,
)

from lessons_lib.sources import embedded_checkpoint
from tools.try_others.pairs import sentences

ENTRIES = 8000  # so many embeddings that a head of two labels is less than a thousandth of all parameters
FAIRSEQ = {"vocab": {token: i for i, token in enumerate(("<s>", "<pad>", "</s>", "<unk>", "<mask>"))}}  # pad must be 1
BERT = {role: f"[{role[:-6].upper()}]" for role in ("unk_token", "cls_token", "sep_token", "pad_token", "mask_token")}


def trained(kind: type[PreTrainedTokenizerBase], **options: object) -> PreTrainedTokenizerBase:
    """Return a tokenizer of `kind` with its usual algorithm and special tokens and a vocabulary of its own."""
    return kind(**options).train_new_from_iterator(sentences(), ENTRIES, show_progress=False)


def uncased_bert() -> PreTrainedTokenizerBase:
    """Return the tokenizer of the course's own checkpoint, a BERT's, with its 30,522 entries."""
    return AutoTokenizer.from_pretrained(embedded_checkpoint())


def modernbert() -> PreTrainedTokenizerBase:
    """Return BPE over bytes with BERT's special tokens, which no class of transformers makes."""
    empty = Tokenizer(models.BPE(unk_token="[UNK]"))
    empty.pre_tokenizer, empty.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    empty.add_special_tokens(list(BERT.values()))
    ids = [(token, empty.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    empty.post_processor = TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ids)
    columns = ["input_ids", "attention_mask"]
    return trained(PreTrainedTokenizerFast, tokenizer_object=empty, model_input_names=columns, **BERT)


TOKENIZERS = {
    "uncased-bert": uncased_bert,
    "cased-bert": lambda: trained(BertTokenizer, do_lower_case=False),
    "distilbert": lambda: trained(DistilBertTokenizer),
    "roberta": lambda: trained(RobertaTokenizer, merges=[], **FAIRSEQ),
    "modernbert": modernbert,
    "albert": lambda: trained(AlbertTokenizer),
    "mpnet": lambda: trained(MPNetTokenizer, unk_token="<unk>", **FAIRSEQ),
    "deberta-v2": lambda: trained(DebertaV2Tokenizer),
    "gpt2": lambda: trained(GPT2Tokenizer),
    "llama": lambda: trained(LlamaTokenizer),
    "t5": lambda: trained(T5Tokenizer),
}
