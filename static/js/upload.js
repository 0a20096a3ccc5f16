// Sends the file of the upload page while the rest of the form is filled in. The markup is components/upload_zone.html.
// Whatever breaks, the upload goes on: by itself, with a button, or on another day when the same file is chosen again.
// Once it has come, its id is in the form's hidden field "upload" and the file field is empty: saving sends only the form.

import { Speed, size, timeLeft } from "./amounts.js";
import { Refused, Transfer, create, discard, fingerprint, list, state } from "./tus.js";

const ANNOUNCE = 10; // percent between two spoken messages
const LOOK = 2000; // milliseconds between two questions how far the unpacking is
const ASKED_FOR = 64 * 1024 ** 2; // bytes that are not discarded without asking
const ARCHIVE = /\.(gz|xz)$/i;
const ENDING = /\.(qcow2|img|raw|vmdk|vhdx?|vdi|iso|bin)$/i;
const CHECKSUMS = { 32: "md5", 64: "sha256", 128: "sha512" }; // by the number of hex digits

class Upload {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.input = root.querySelector("input[type=file]");
    this.known = root.dataset.next === "continue" ? root.dataset.url : ""; // the upload that the page asks the file for
    this.url = "";
    this.run = 0; // counts the files, so that a late answer for one that was discarded changes nothing
    this.submitWaits = null;
    this.listen();
    if (root.dataset.next === "use" && this.part("facts").hidden) this.takeUp(root.dataset.url);
  }

  part(name) {
    return this.root.querySelector(`[data-upload-${name}]`);
  }

  get token() {
    return this.form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  listen() {
    const clicks = {
      cancel: () => this.cancel(),
      pause: () => this.pauseOrContinue(),
      now: () => this.transfer.now(),
      trust: () => this.start(this.file, { trusted: true }),
      again: () => this.startAnew(),
    };
    for (const [name, act] of Object.entries(clicks)) this.part(name).addEventListener("click", act);
    this.part("unpack").addEventListener("change", () => this.startAnew());
    this.input.addEventListener("change", () => this.choose(this.input.files[0]));
    this.form.addEventListener("submit", (event) => this.beforeSubmit(event));
    addEventListener("beforeunload", (event) => this.sending && event.preventDefault());
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
      this.choose(event.dataTransfer.files[0]);
    });
  }

  // --- Before the first byte ---

  choose(file) {
    if (!file) return;
    const isArchive = ARCHIVE.test(file.name);
    this.part("unpack").checked = isArchive;
    this.part("archive").hidden = !isArchive || Boolean(this.known);
    this.start(file);
  }

  async start(file, { trusted = false } = {}) {
    const run = ++this.run;
    const limit = Number(this.root.dataset.maxSize);
    const checksum = this.expected();
    if (checksum === null) return;
    if (!file.size) return this.fail("This file is empty. Choose the disk image itself.");
    if (limit && file.size > limit) return this.fail(`This file has ${size(file.size)}. The panel takes ${size(limit)} at most.`);
    this.begin(file);
    try {
      const url = await this.address(file, checksum, trusted);
      if (run !== this.run || !url) return;
      this.suggestName(file.name.replace(ARCHIVE, ""));
      this.send(file, url, run);
    } catch (problem) {
      if (run === this.run) this.fail(problem instanceof Refused && problem.status ? problem.message : "The panel could not be reached. Choose the file again.");
    }
  }

  // Where to send a file: the upload that the page asks for, one of this very file that was begun before, or a new one.
  async address(file, checksum, trusted) {
    const seen = await fingerprint(file).catch(() => "");
    if (!seen) throw new Refused(400, "This file cannot be read. Choose it again.");
    if (this.known) return this.isKnown(file, seen, await state(this.known), trusted) ? this.known : "";
    const unpack = String(this.part("unpack").checked);
    const same = (each) => each.fingerprint === seen && each.filename === file.name && String(each.unpack) === unpack;
    const begun = checksum ? null : (await list(this.root.dataset.collectionUrl)).find(same);
    if (begun) return begun.url;
    const region = this.form.elements.namedItem("region")?.value ?? "";
    return create(this.root.dataset.collectionUrl, this.token, file, { filename: file.name, fingerprint: seen, region, unpack, checksum });
  }

  // Whether a file is the one that was begun: the rest of another one would make a mixture of both.
  isKnown(file, seen, begun, trusted) {
    if (begun.fingerprint === seen && begun.filename === file.name) return true;
    if (begun.fingerprint || (begun.size && begun.size !== file.size) || begun.filename !== file.name) {
      this.fail(`This is not the “${begun.filename}” that was begun, or it was changed since. Choose that file, or upload another one instead.`);
      return false;
    }
    if (!trusted) {
      this.fail("What has come was sent by a program that noted nothing to compare this file with. If it is another file, the image will be a mixture of both.");
      this.part("doubt").hidden = false;
    }
    return trusted;
  }

  // The checksum that was typed, as algorithm:hex; null if it is none.
  expected() {
    const field = this.part("expected");
    const typed = field?.value.trim().replace(/^(md5|sha256|sha512)[:=]\s*/i, "") ?? "";
    const algorithm = /^[0-9a-f]*$/i.test(typed) ? CHECKSUMS[typed.length] : "";
    const wrong = typed && !algorithm;
    if (field) {
      field.classList.toggle("is-invalid", Boolean(wrong));
      this.part("expected-error").textContent = wrong ? "This is no md5, sha256 or sha512. Correct it, then choose the file." : "";
    }
    if (wrong) {
      this.input.value = "";
      field.closest("details").open = true;
      field.focus();
      return null;
    }
    return typed ? `${algorithm}:${typed}` : "";
  }

  // An empty name gets that of the file, without its ending.
  suggestName(filename) {
    const field = this.form.elements.namedItem("name");
    if (!field || (field.value && field.value !== this.suggested)) return;
    field.value = filename.replace(ENDING, "").slice(0, field.maxLength > 0 ? field.maxLength : undefined);
    this.suggested = field.value;
  }

  // --- While it is sent ---

  begin(file) {
    this.file = file;
    this.sending = true;
    this.spoken = 0;
    this.setError("");
    this.open(file.name);
    this.progress(0);
    this.part("cancel").textContent = "Discard";
    this.say(`Uploading ${file.name}, ${size(file.size)}`);
    this.part("run").focus(); // nothing that a second press of a key would throw away
  }

  open(name) {
    this.part("choose").hidden = true;
    this.part("run").hidden = false;
    this.part("facts").hidden = true;
    this.part("progress").hidden = false;
    this.part("name").textContent = name;
    this.clear();
  }

  clear() {
    this.part("done").hidden = true;
    for (const name of ["percent", "bytes", "speed", "left"]) this.part(name).textContent = "";
    this.note("");
  }

  send(file, url, run) {
    const shown = {
      sending: ({ offset }) => this.showSending(offset),
      checking: () => this.showChecking(),
      broken: ({ message, seconds }) => this.showBroken(message, seconds),
      paused: () => this.showPaused(),
      refused: ({ problem }) => this.refuse(problem),
      come: () => this.takeUp(url),
    };
    this.url = url;
    this.speed = null;
    this.transfer = new Transfer({ file, url, token: this.token, show: (what, told) => run === this.run && shown[what](told) });
    this.part("pause").hidden = false;
    this.part("pause").textContent = "Pause";
    this.transfer.start();
  }

  showSending(offset) {
    this.speed ??= new Speed(offset);
    const speed = this.speed.measure(offset);
    this.note("");
    this.progress(offset);
    this.part("speed").textContent = speed && offset < this.file.size ? `${size(speed)}/s` : "";
    this.part("left").textContent = speed && offset < this.file.size ? timeLeft((this.file.size - offset) / speed) : "";
  }

  progress(offset) {
    const percent = Math.floor((offset / this.file.size) * 100);
    this.part("progress").value = percent;
    this.part("percent").textContent = `${percent} %`;
    this.part("bytes").textContent = `${size(offset)} of ${size(this.file.size)}`;
    const step = Math.floor(percent / ANNOUNCE) * ANNOUNCE;
    if (step > this.spoken) {
      this.spoken = step;
      this.say(`${step} percent`);
    }
  }

  showChecking() {
    this.progress(this.file.size);
    this.part("speed").textContent = "";
    this.part("left").textContent = "Checking what arrived…";
    this.part("pause").hidden = true;
  }

  showBroken(message, seconds) {
    this.speed = null;
    this.part("speed").textContent = "";
    this.part("left").textContent = "";
    this.part("pause").hidden = false;
    if (this.part("note").hidden) this.say(`${message} It is tried again by itself.`);
    this.note(`${message} Trying again in ${seconds} s.`, "broken");
  }

  showPaused() {
    this.part("speed").textContent = "";
    this.part("left").textContent = "";
    this.note("Paused. What has come is kept.", "paused");
    this.say("Paused.");
  }

  pauseOrContinue() {
    const button = this.part("pause");
    if (this.transfer.stopped) {
      button.textContent = "Pause";
      this.note("");
      this.say("Going on.");
      this.transfer.start();
    } else {
      button.textContent = "Continue";
      this.speed = null;
      this.transfer.pause();
    }
  }

  // --- After the last byte ---

  // What has become of an upload whose bytes are all there: image data, or still an archive that is being unpacked.
  async takeUp(url) {
    const run = this.run;
    this.url = url;
    const found = await state(url).catch((problem) => problem);
    if (run !== this.run) return;
    if (found.data) {
      this.showDone(found);
    } else if (found.status === "processing" || found.passes) {
      if (!found.passes) this.showUnpacking(found);
      setTimeout(() => run === this.run && this.takeUp(url), LOOK);
    } else {
      this.refuse(new Refused(422, found.error || found.message || "This file has not come. Choose it again."));
    }
  }

  showUnpacking(found) {
    const isNew = this.part("id").value !== found.id;
    this.settle(found);
    this.part("progress").hidden = false;
    this.part("progress").value = found.percent ?? 0;
    this.part("percent").textContent = `Unpacking ${found.percent ?? 0} %`;
    this.note("You can save the form now: the image is made by itself as soon as the file is unpacked.");
    if (isNew) this.say("The file has come and is being unpacked. You can save the form now.");
    this.saveIfAsked();
  }

  showDone(found) {
    this.settle(found);
    this.part("progress").hidden = true;
    this.part("done").hidden = false;
    this.part("format").textContent = found.data.format;
    this.part("size").textContent = size(found.data.size);
    this.part("size").title = `${found.data.size.toLocaleString("en-GB")} bytes`;
    this.part("checksum").textContent = found.data.md5;
    this.part("facts").hidden = false;
    this.say(`Upload done. The format is ${found.data.format}.`);
    this.saveIfAsked();
  }

  // Nothing more has to be sent.
  settle(found) {
    this.sending = false;
    this.known = "";
    this.open(found.filename);
    this.part("id").value = found.id;
    this.input.value = "";
    this.part("pause").hidden = true;
    this.part("archive").hidden = true;
    this.part("cancel").textContent = "Choose another file";
  }

  // --- Endings ---

  // The reason is shown here, so that nothing of a refused file has to stay in the list.
  refuse(problem) {
    const { url, file } = this;
    this.fail(problem.message);
    this.file = file;
    if (problem.message.includes("“Unpack”")) this.part("archive").hidden = false;
    if (url && problem.status !== 401) discard(url, this.token).catch(() => {});
  }

  fail(message) {
    this.suggestName("");
    this.reset();
    this.setError(message);
    this.say(message);
    this.input.focus();
  }

  cancel() {
    const sent = this.sending ? (this.transfer?.offset ?? 0) : 0;
    if (sent > ASKED_FOR && !confirm(`Discard ${size(sent)} that have come?`)) return;
    if (this.sending && this.url) discard(this.url, this.token).catch(() => {});
    this.known = "";
    this.reset();
    this.part("archive").hidden = true;
    this.input.focus();
  }

  // The same file again, from its first byte.
  async startAnew() {
    const { url, known, file } = this;
    this.known = "";
    this.reset();
    await discard(known || url, this.token).catch(() => {});
    if (file) this.start(file);
  }

  reset() {
    this.run += 1;
    this.sending = false;
    this.transfer?.stop();
    this.transfer = null;
    this.url = "";
    this.wait(null);
    this.part("id").value = "";
    this.input.value = "";
    this.part("doubt").hidden = true;
    this.part("pause").hidden = true;
    this.part("run").hidden = true;
    this.part("choose").hidden = false;
  }

  // --- The form ---

  beforeSubmit(event) {
    if (!this.sending) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.wait(event.submitter ?? this.form.querySelector("[type=submit]"));
  }

  // The form is sent as soon as the file has arrived.
  wait(button) {
    if (this.submitWaits) this.submitWaits.textContent = this.submitText;
    this.submitWaits = button;
    if (!button) return;
    this.submitText = button.textContent;
    button.textContent = "Saves when the upload is done";
    this.say("The image is saved when the upload is done.");
  }

  saveIfAsked() {
    if (this.submitWaits) this.form.requestSubmit(this.submitWaits);
  }

  note(text, what = "") {
    this.part("run").dataset.state = what;
    this.part("note").hidden = !text;
    this.part("message").textContent = text;
    this.part("now").hidden = what !== "broken";
  }

  setError(message) {
    this.part("error").textContent = message;
    this.input.classList.toggle("is-invalid", Boolean(message));
    if (message) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  say(text) {
    this.part("say").textContent = text;
  }
}

for (const root of document.querySelectorAll("[data-upload]")) new Upload(root);
