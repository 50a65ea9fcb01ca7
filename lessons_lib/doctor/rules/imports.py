"""What was removed from the libraries, and what to import today. Any other name that isn't there needs no rule."""

from lessons_lib.doctor.fixes import imported, like
from lessons_lib.doctor.rules.rule import Rule, gone

BERT = "from transformers import AutoModel\nAutoModel.from_pretrained(CHECKPOINT)\n"
LINES = "from datasets import load_dataset\nload_dataset(PAIRS, 'pairs')\n"


def _moved(id: str, old: str, new: str, note: str = "", **more) -> Rule:
    """Return the rule that what was `old` is `new` today."""
    (library, name), (module, _, other) = old.split("."), new.rpartition(".")
    snippets = f"from {library} import {name}\n", f"from {module} import {other}\n"
    return gone(id, (old,), f"from {module} import {other}{note}", *snippets, fix=imported(module, other), **more)


def _left(id: str, names: str, write: str, new: str, old: str = "", **more) -> Rule:
    """Return the rule that names of one library (after a colon, with spaces) are gone; the first is the example."""
    library, _, listed = names.partition(": ")
    listed = listed.split()
    old = f"from {library} import {old or listed[0]}\n"
    return gone(id, tuple(f"{library}.{name}" for name in listed), write, old, new, **more)


RULES = (
    _moved("adamw", "transformers.AdamW", "torch.optim.AdamW", " (there, weight_decay is 0.01 unless you say)"),
    _moved("vision2seq", "transformers.AutoModelForVision2Seq", "transformers.AutoModelForImageTextToText"),
    _moved("tpu-available", "transformers.is_torch_tpu_available", "transformers.is_torch_xla_available"),
    _moved("load-metric", "datasets.load_metric", "evaluate.load", " as load_metric"),
    _moved(
        "int8-training",
        "peft.prepare_model_for_int8_training",
        "peft.prepare_model_for_kbit_training",
        since="peft>=0.10",
    ),
    _moved(
        "cached-download",
        "huggingface_hub.cached_download",
        "huggingface_hub.hf_hub_download",
        since="huggingface_hub>=0.26",
    ),
    _left(
        "feature-extractor",
        "transformers: ViTFeatureExtractor *FeatureExtractor",
        "the image processor of the same name: ViTImageProcessor for ViTFeatureExtractor",
        "from transformers import ViTImageProcessor\n",
        fix=like("FeatureExtractor", "ImageProcessor"),
    ),
    _left("tensorflow", "transformers: TFAutoModel TF*", "the class without TF, in PyTorch", BERT),
    _left("flax", "transformers: FlaxAutoModel Flax*", "the class without Flax, in PyTorch", BERT),
    _left(
        "keras",
        "transformers: KerasMetricCallback PushToHubCallback create_optimizer AdamWeightDecay WarmUp",
        "Trainer, in PyTorch, with compute_metrics, push_to_hub, and optim",
        "from transformers import Trainer, TrainingArguments\n",
    ),
    _left(
        "backends",
        "transformers: is_tf_available is_flax_available",
        "nothing: PyTorch is the only one",
        "from transformers import is_torch_available\n",
    ),
    _left(
        "lm-head",
        "transformers: AutoModelWithLMHead MODEL_WITH_LM_HEAD_MAPPING",
        "AutoModelForCausalLM, AutoModelForMaskedLM or AutoModelForSeq2SeqLM, whichever the checkpoint is",
        "from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM\n",
    ),
    _left(
        "text-datasets",
        "transformers: LineByLineTextDataset TextDataset GlueDataset GlueDataTrainingArguments SquadDataset "
        "SquadV2Processor SquadV1Processor glue_convert_examples_to_features squad_convert_examples_to_features",
        'datasets.load_dataset, such as load_dataset("text", data_files=…), and map',
        LINES,
    ),
    _left(
        "telemetry",
        "transformers: send_example_telemetry",
        "nothing: delete it with its call",
        "from transformers.utils import logging\n",
        old="AutoModel\nfrom transformers.utils import send_example_telemetry",
    ),
    _left(
        "agents",
        "transformers: Tool load_tool HfAgent Agent ReactCodeAgent PipelineTool HfApiEngine",
        "the package smolagents",
        "import transformers\n",
    ),
    _left(
        "beams",
        "transformers: BeamSearchScorer BeamScorer ConstrainedBeamSearchScorer PhrasalConstraint LogitsWarper "
        "top_k_top_p_filtering SampleOutput ForceTokensLogitsProcessor",
        "model.generate with its arguments, and LogitsProcessor",
        "from transformers import LogitsProcessor, LogitsProcessorList\n",
    ),
    _left(
        "conversation",
        "transformers: Conversation ConversationalPipeline",
        'pipeline("text-generation") with a list of messages',
        "from transformers import TextGenerationPipeline\n",
    ),
    _left(
        "text-pipelines",
        "transformers: SummarizationPipeline TranslationPipeline Text2TextGenerationPipeline QuestionAnsweringPipeline",
        "the model with its tokenizer, such as AutoModelForSeq2SeqLM and model.generate",
        "from transformers import AutoModelForQuestionAnswering, AutoModelForSeq2SeqLM\n",
    ),
    _left(
        "list-metrics",
        "datasets: list_metrics list_datasets inspect_metric inspect_dataset",
        "evaluate.list_evaluation_modules(), huggingface_hub.list_datasets()",
        "from evaluate import list_evaluation_modules\nfrom huggingface_hub import list_datasets\n",
    ),
    _left(
        "caching-enabled",
        "datasets: set_caching_enabled",
        "enable_caching() or disable_caching()",
        "from datasets import disable_caching, enable_caching\n",
    ),
    _left("dataset-metric", "datasets: Metric", "evaluate.Metric", "from evaluate import Metric\n"),
    _left(
        "hf-folder",
        "huggingface_hub: HfFolder",
        "get_token() for HfFolder.get_token(), login(token) for HfFolder.save_token(token)",
        "from huggingface_hub import get_token, login\nget_token()\n",
        since="huggingface_hub>=1",
    ),
    _left(
        "repository",
        "huggingface_hub: Repository",
        "create_repo and upload_folder, or push_to_hub of a model, a tokenizer, a dataset",
        "from huggingface_hub import create_repo, upload_folder\n",
        since="huggingface_hub>=1",
    ),
    _left(
        "hub-filters",
        "huggingface_hub: ModelFilter DatasetFilter ModelSearchArguments DatasetSearchArguments",
        "the arguments of list_models and list_datasets themselves",
        "from huggingface_hub import list_datasets, list_models\n",
        since="huggingface_hub>=1",
    ),
    _left(
        "inference-api",
        "huggingface_hub: InferenceApi",
        "InferenceClient",
        "from huggingface_hub import InferenceClient\n",
        since="huggingface_hub>=1",
    ),
    _left(
        "hub-keras",
        "huggingface_hub: push_to_hub_keras from_pretrained_keras KerasModelHubMixin",
        "Keras's own model.save and keras.saving.load_model with hf:// addresses",
        "from huggingface_hub import PyTorchModelHubMixin\n",
        since="huggingface_hub>=1",
    ),
)
