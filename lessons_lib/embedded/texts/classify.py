"""Fine-tune a classifier on a CSV file, next to two answers that take seconds.

python classify.py my_file.csv --text text --label label
"""

import argparse

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
from sklearn.pipeline import make_pipeline
from sklearn.utils.class_weight import compute_class_weight
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    pipeline,
    set_seed,
)

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--text", default="text")
parser.add_argument("--label", default="label")
parser.add_argument("--checkpoint", default="sentence-transformers/all-MiniLM-L6-v2")
parser.add_argument("--epochs", type=float, default=3)
asked = parser.parse_args()

table = pd.read_csv(asked.file)[[asked.text, asked.label]].set_axis(["text", "labels"], axis=1)
table = table.dropna().drop_duplicates("text").astype(str)  # the same text in two parts would be an answer given away
rows = Dataset.from_pandas(table, preserve_index=False).class_encode_column("labels")
rows = rows.train_test_split(test_size=0.2, stratify_by_column="labels", seed=42)
names, train, test = rows["train"].features["labels"].names, rows["train"].to_pandas(), rows["test"].to_pandas()

print(f"majority class {(test['labels'] == train['labels'].mode()[0]).mean():.3f}")
words = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(train["text"], train["labels"])
print(f"bag of words {words.score(test['text'], test['labels']):.3f}")

set_seed(42)
tokenizer = AutoTokenizer.from_pretrained(asked.checkpoint)
tokenized = rows.map(lambda some: tokenizer(some["text"], truncation=True, max_length=128), batched=True)
ids = {"id2label": dict(enumerate(names)), "label2id": {name: number for number, name in enumerate(names)}}
model = AutoModelForSequenceClassification.from_pretrained(asked.checkpoint, dtype=torch.float32, **ids)
balanced = compute_class_weight("balanced", classes=np.arange(len(names)), y=train["labels"])
weights = torch.tensor(balanced, dtype=torch.float)


def weighted_loss(outputs, labels, num_items_in_batch=None):
    """Cross-entropy in which a class with few rows counts as much as one with many."""
    return torch.nn.functional.cross_entropy(outputs.logits.float(), labels, weight=weights.to(labels.device))


args = TrainingArguments("my_model", num_train_epochs=asked.epochs, learning_rate=1e-4, warmup_steps=0.1)
collator = DataCollatorWithPadding(tokenizer)
trainer = Trainer(
    model, args, collator, tokenized["train"], processing_class=tokenizer, compute_loss_func=weighted_loss
)
trainer.train()
answers = trainer.predict(tokenized["test"]).predictions.argmax(axis=-1)
print(classification_report(test["labels"], answers, target_names=names, zero_division=0))
trainer.save_model("my_model")
print(pipeline("text-classification", "my_model")(test["text"][0]))
