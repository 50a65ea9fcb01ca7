// Everything is loaded from this folder. Text from outside becomes a text node, never HTML.
const form = document.querySelector("form");
const boxes = [...form.querySelectorAll("textarea")];
const list = document.querySelector("ul");
const say = words => { document.querySelector("[role=status]").textContent = words; };
const percent = share => `${(100 * share).toFixed(1)} %`;

async function load() {
  const began = performance.now();
  const { AutoModelForSequenceClassification, AutoTokenizer, Tensor, env } = await import("./vendor/transformers.min.js");
  const here = name => new URL(name, document.baseURI).href;
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: "./" });
  Object.assign(env, { useBrowserCache: false, useWasmCache: false }); // or else a new model would not be seen
  const ort = "vendor/ort-wasm-simd-threaded";
  Object.assign(env.backends.onnx.wasm, { numThreads: 1, wasmPaths: { mjs: here(`${ort}.js`), wasm: here(`${ort}.wasm`) } });
  const tokenizer = await AutoTokenizer.from_pretrained("model");
  const model = await AutoModelForSequenceClassification.from_pretrained("model", { dtype: "q8", device: "wasm" });
  say(`Ready: loaded in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  return { tokenizer, model, Tensor };
}

// The library would cut off the end, [SEP] too. As in Python, the longer text is cut first, and [SEP] stays.
function encode({ tokenizer, model, Tensor }, [text, text_pair = null], maxLength) {
  const return_token_type_ids = model.sessions.model.inputNames.includes("token_type_ids");
  const whole = tokenizer(text, { text_pair, return_token_type_ids, return_tensor: false });
  const count = one => one === null ? 0 : tokenizer(one, { add_special_tokens: false, return_tensor: false }).input_ids.length;
  const [first, second, total] = [count(text), count(text_pair), whole.input_ids.length];
  const room = maxLength - (total - first - second);
  const fewer = Math.min(first, second, Math.floor(room / 2));
  const [left, right] = first > second ? [room - fewer, fewer] : [fewer, room - fewer];
  const kept = index => total <= maxLength || index <= left || index === total - 1
    || (index > first && index < total - 1 - second + right);
  return Object.fromEntries(Object.entries(whole).map(([name, values]) => {
    const row = BigInt64Array.from(values.filter((_, index) => kept(index)), BigInt);
    return [name, new Tensor("int64", row, [1, row.length])];
  }));
}

function show(logits, names) {
  const powers = logits.map(logit => Math.exp(logit - Math.max(...logits)));
  const sum = powers.reduce((one, other) => one + other);
  const classes = powers.map((power, index) => ({ name: names[index], share: power / sum }));
  classes.sort((one, other) => other.share - one.share);
  list.replaceChildren(...classes.map(({ name, share }) => {
    const [row, label, meter] = ["li", "label", "meter"].map(tag => document.createElement(tag));
    meter.value = share;
    label.append(`${name}: ${percent(share)}`, meter);
    row.append(label);
    return row;
  }));
  list.dataset.logits = JSON.stringify(logits);
  return classes[0];
}

async function classify(loaded) {
  const texts = boxes.map(box => box.value);
  const empty = boxes.find(box => !box.value.trim());
  if (empty) {
    empty.focus();
    return say("Type a text first, then press Classify.");
  }
  const began = performance.now();
  const { logits } = await loaded.model(encode(loaded, texts, Number(form.dataset.maxLength)));
  const best = show(Array.from(logits.data), loaded.model.config.id2label);
  list.dataset.ms = performance.now() - began;
  say(`${best.name}: ${percent(best.share)}, after ${Math.round(list.dataset.ms)} ms.`);
}

function fail(error) {
  list.replaceChildren();
  const file = location.protocol === "file:" && "a browser loads no model from a file. In this folder, run python -m http.server, and open the address that it prints";
  say(`This does not work: ${file || error.message}.`);
}

const ready = load();
let turn = ready.catch(fail); // one text at a time
form.addEventListener("submit", event => {
  event.preventDefault();
  turn = turn.then(() => ready).then(classify).catch(fail);
});
form.addEventListener("input", () => list.replaceChildren()); // it would be the answer to another text
form.addEventListener("click", ({ target }) => {
  if (!target.dataset.texts) return;
  JSON.parse(target.dataset.texts).forEach((text, index) => { boxes[index].value = text; });
  form.requestSubmit();
});
form.addEventListener("keydown", event => {
  if (event.target.tagName !== "TEXTAREA" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault(); // a new line is Shift and Enter
  form.requestSubmit();
});
