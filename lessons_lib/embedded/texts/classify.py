"""Fine-tune a classifier on a CSV file, next to two answers that take seconds.

python classify.py my_file.csv --text text --label label
"""

import argparse

import numpy as np
import torch
from datasets import load_dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
from sklearn.pipeline import make_pipeline
from transformers import AutoModelForSequenceClassification as Model
from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainingArguments, set_seed

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--text", default="text")
parser.add_argument("--label", default="label")
parser.add_argument("--checkpoint", default="sentence-transformers/all-MiniLM-L6-v2")
parser.add_argument("--epochs", type=float, default=4)
asked = parser.parse_args()

data = load_dataset("csv", data_files=asked.file, split="train").select_columns([asked.text, asked.label])
data = data.filter(lambda row: row[asked.text] and row[asked.label] is not None).class_encode_column(asked.label)
data = data.rename_columns({asked.text: "text", asked.label: "labels"})
data = data.train_test_split(0.2, stratify_by_column="labels", seed=42)
names = data["train"].features["labels"].names
labels = np.array(data["train"]["labels"][:])

print("majority class", np.mean(np.array(data["test"]["labels"][:]) == np.bincount(labels).argmax()))
bag = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(data["train"]["text"][:], labels)
print("bag of words", bag.score(data["test"]["text"][:], data["test"]["labels"][:]))

set_seed(42)
tokenizer = AutoTokenizer.from_pretrained(asked.checkpoint)
rows = data.map(lambda some: tokenizer(some["text"], truncation=True, max_length=128), batched=True)
ids = {"id2label": dict(enumerate(names)), "label2id": {name: number for number, name in enumerate(names)}}
model = Model.from_pretrained(asked.checkpoint, num_labels=len(names), dtype=torch.float32, **ids)
weights = torch.tensor(len(labels) / (len(names) * np.bincount(labels)), dtype=torch.float)


def weighted_loss(outputs, labels, num_items_in_batch=None):
    """Cross-entropy in which each class counts as much as any other."""
    return torch.nn.functional.cross_entropy(outputs.logits.float(), labels, weight=weights.to(outputs.logits.device))


args = TrainingArguments(
    "my_model", num_train_epochs=asked.epochs, per_device_train_batch_size=8, learning_rate=2e-4, warmup_steps=0.1
)
collator = DataCollatorWithPadding(tokenizer)
trainer = Trainer(model, args, collator, rows["train"], processing_class=tokenizer, compute_loss_func=weighted_loss)
trainer.train()
answers = trainer.predict(rows["test"]).predictions.argmax(axis=-1)
print(classification_report(data["test"]["labels"][:], answers, target_names=names, zero_division=0))
trainer.save_model("my_model")
