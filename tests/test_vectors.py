"""Mean vectors against the same by hand, one text at a time, where there is no padding."""

import numpy as np
import torch
from transformers import AutoModel

from lessons_lib.vectors import mean_vectors

TEXTS = ["A short one.", "Where is my parcel? It was due on Monday, and nobody has called me since then.", "No."]


def test_vectors_are_means_of_the_real_tokens_in_the_order_of_the_texts(checkpoint, tokenizer):
    encoder = AutoModel.from_pretrained(checkpoint)
    vectors = mean_vectors(TEXTS, tokenizer, encoder, batch_size=2)
    for text, vector in zip(TEXTS, vectors, strict=True):
        with torch.no_grad():
            alone = encoder.eval()(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        assert np.allclose(vector, torch.nn.functional.normalize(alone, dim=0), atol=1e-5)
