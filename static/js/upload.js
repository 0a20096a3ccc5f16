// Sends the file of the upload page while the rest of the form is filled in. The markup is components/upload_zone.html.
// POST data-start-url {filename, size} answers {id, data_url}; PUT data_url takes the bytes and answers what was found.
// GET data_url says what has become of the bytes, for a line that broke before the answer came.
// The id then goes into the form's hidden field "upload" and the file field is emptied: saving sends only the form.

const UNITS = ["KiB", "MiB", "GiB", "TiB"];
const SMOOTHING = 0.25; // weight of the newest speed in the shown one
const SAMPLE = 400; // milliseconds between two measurements of the speed
const ANNOUNCE = 10; // percent between two spoken messages
const UNREACHABLE = "The upload stopped: the panel could not be reached. Choose the file again to start over.";

function size(bytes) {
  let value = bytes;
  let unit = "bytes";
  for (const larger of UNITS) {
    if (value < 1000) break;
    value /= 1024;
    unit = larger;
  }
  return `${unit !== "bytes" && value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min left`;
}

// Answers are JSON; a proxy in between may answer with something else.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

class Speed {
  constructor() {
    this.at = performance.now();
    this.bytes = 0;
    this.value = 0; // bytes a second
  }

  measure(loaded) {
    const now = performance.now();
    if (now - this.at < SAMPLE) return this.value;
    const current = ((loaded - this.bytes) * 1000) / (now - this.at);
    this.value = this.value ? this.value + SMOOTHING * (current - this.value) : current;
    this.at = now;
    this.bytes = loaded;
    return this.value;
  }
}

class Upload {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.input = root.querySelector("input[type=file]");
    this.request = null; // the running PUT
    this.run = 0; // counts the files, so that a late answer for a cancelled one changes nothing
    this.submitWaits = false;
    this.listen();
  }

  part(name) {
    return this.root.querySelector(`[data-upload-${name}]`);
  }

  token() {
    return this.form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  listen() {
    this.input.addEventListener("change", () => this.input.files[0] && this.start(this.input.files[0]));
    this.part("cancel").addEventListener("click", () => this.reset({ focus: true }));
    this.form.addEventListener("submit", (event) => this.beforeSubmit(event));
    addEventListener("beforeunload", (event) => this.running && event.preventDefault());
    const zone = this.part("choose");
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
    zone.addEventListener("dragleave", (event) => {
      if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
    });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      if (event.dataTransfer.files[0]) this.start(event.dataTransfer.files[0]);
    });
  }

  async start(file) {
    const run = ++this.run;
    const limit = Number(this.root.dataset.maxSize);
    if (!file.size) return this.fail("This file is empty. Choose the disk image itself.");
    if (limit && file.size > limit) return this.fail(`This file has ${size(file.size)}. The panel takes ${size(limit)} at most.`);
    this.begin(file);
    let answer;
    try {
      const response = await fetch(this.root.dataset.startUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.token() },
        body: JSON.stringify({ filename: file.name, size: file.size }),
      });
      answer = parse(await response.text());
    } catch {
      answer = { error: UNREACHABLE };
    }
    if (run !== this.run) return undefined;
    if (!answer.data_url) return this.fail(answer.error ?? UNREACHABLE);
    this.suggestName(file.name);
    return this.send(file, answer, run);
  }

  begin(file) {
    this.running = true;
    this.spoken = 0;
    this.setError("");
    this.part("choose").hidden = true;
    this.part("run").hidden = false;
    this.part("facts").hidden = true;
    this.part("progress").hidden = false;
    this.part("name").textContent = file.name;
    this.part("cancel").textContent = "Cancel";
    this.show({ loaded: 0, total: file.size, speed: 0 });
    this.say(`Uploading ${file.name}, ${size(file.size)}`);
    this.part("cancel").focus();
  }

  // An empty name gets that of the file, without its ending.
  suggestName(filename) {
    const field = this.form.elements.namedItem("name");
    if (field && !field.value) field.value = filename.replace(/\.(qcow2|img|raw|vmdk|vhdx?|vdi|iso|bin)$/i, "").slice(0, field.maxLength > 0 ? field.maxLength : undefined);
  }

  send(file, upload, run) {
    const speed = new Speed();
    const request = new XMLHttpRequest();
    this.request = request;
    request.open("PUT", upload.data_url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", this.token());
    request.upload.addEventListener("progress", (event) => {
      if (run === this.run) this.show({ loaded: event.loaded, total: file.size, speed: speed.measure(event.loaded) });
    });
    request.addEventListener("load", () => {
      if (run === this.run) this.take(parse(request.responseText), request.status, upload);
    });
    request.addEventListener("error", () => {
      if (run === this.run) this.ask(upload, run);
    });
    request.send(file);
  }

  show({ loaded, total, speed }) {
    const percent = Math.floor((loaded / total) * 100);
    this.part("progress").value = percent;
    this.part("percent").textContent = `${percent} %`;
    this.part("bytes").textContent = `${size(loaded)} of ${size(total)}`;
    this.part("speed").textContent = speed && loaded < total ? `${size(speed)}/s` : "";
    this.part("left").textContent = loaded >= total ? "Looking at what arrived…" : speed ? duration((total - loaded) / speed) : "";
    const step = Math.floor(percent / ANNOUNCE) * ANNOUNCE;
    if (step > this.spoken) {
      this.spoken = step;
      this.say(`${step} percent`);
    }
  }

  // A panel that refuses a file hangs up while the browser still sends, which then sees only a broken line.
  async ask(upload, run) {
    let answer = {};
    try {
      const response = await fetch(upload.data_url);
      answer = parse(await response.text());
    } catch {
      // The line is still broken.
    }
    if (run !== this.run) return;
    if (answer.format || answer.error) this.take(answer, 200, upload);
    else this.fail(UNREACHABLE);
  }

  take(found, status, upload) {
    if (status >= 400 || found.error) {
      this.fail(found.error ?? "The panel did not take this file. Choose another file.");
      return;
    }
    this.running = false;
    this.request = null;
    this.part("id").value = upload.id;
    this.input.value = "";
    this.part("progress").hidden = true;
    for (const name of ["percent", "bytes", "speed", "left"]) this.part(name).textContent = "";
    this.part("percent").textContent = "Upload done";
    this.part("format").textContent = found.format;
    this.part("size").textContent = size(found.size);
    this.part("size").title = `${found.size.toLocaleString("en-GB")} bytes`;
    this.part("checksum").textContent = found.md5;
    this.part("facts").hidden = false;
    this.part("cancel").textContent = "Choose another file";
    this.say(`Upload done. The format is ${found.format}.`);
    if (this.submitWaits) this.form.requestSubmit(this.submitWaits);
  }

  fail(message) {
    this.reset();
    this.setError(message);
    this.say(message);
    this.input.focus();
    return undefined;
  }

  reset({ focus = false } = {}) {
    this.run += 1;
    this.running = false;
    this.request?.abort();
    this.request = null;
    this.wait(null);
    this.part("id").value = "";
    this.input.value = "";
    this.part("run").hidden = true;
    this.part("choose").hidden = false;
    if (focus) this.input.focus();
  }

  beforeSubmit(event) {
    if (!this.running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.wait(event.submitter ?? this.form.querySelector("[type=submit]"));
  }

  // The form is sent as soon as the file has arrived.
  wait(button) {
    const before = this.submitWaits;
    if (before) before.textContent = this.submitText;
    this.submitWaits = button;
    if (!button) return;
    this.submitText = button.textContent;
    button.textContent = "Saves when the upload is done";
    this.say("The image is saved when the upload is done.");
  }

  setError(message) {
    this.part("error").textContent = message;
    this.input.classList.toggle("is-invalid", Boolean(message));
    this.input.toggleAttribute("aria-invalid", Boolean(message));
    if (message) this.input.setAttribute("aria-invalid", "true");
  }

  say(text) {
    this.part("say").textContent = text;
  }
}

for (const root of document.querySelectorAll("[data-upload]")) new Upload(root);
