// The field "With" of the share box: what is typed or pasted becomes a list of recipients before the field. The text
// area stays the truth, a recipient on each line, and the server says what each of them is. Keys as in the ARIA
// combobox pattern (a list box with aria-activedescendant); the arrow keys walk over the recipients as well.

const SEPARATORS = /[,;\n\t]+/;
const PAUSE = 120; // milliseconds after a key until suggestions are asked for
const lines = (text) => text.split(SEPARATORS).map((line) => line.trim()).filter(Boolean);

class Recipients {
  constructor(root) {
    this.root = root;
    this.area = root.querySelector("textarea");
    this.list = root.querySelector("[data-recipients-list]");
    this.reading = root.querySelector("[data-reading]");
    this.summary = root.querySelector("[data-recipients-summary]");
    this.asked = 0; // counts the questions, so that a late answer changes nothing
    this.lines = this.reading.dataset.text ? this.reading.dataset.text.split("\n") : lines(this.area.value);
    this.build();
    this.listen();
    if (this.lines.length && !this.list.children.length) this.read();
  }

  // --- What stands on the page

  build() {
    this.input = this.makeInput();
    this.options = document.createElement("ul");
    this.options.id = `${this.input.id}-options`;
    this.options.className = "menu recipients-options";
    this.options.setAttribute("role", "listbox");
    this.options.setAttribute("aria-label", "Suggestions");
    this.options.hidden = true;
    this.input.setAttribute("aria-controls", this.options.id);
    this.said = document.createElement("p");
    this.said.className = "visually-hidden";
    this.said.setAttribute("role", "status");
    this.box = document.createElement("div");
    this.box.className = "form-control recipients-box";
    this.box.append(this.list, this.input);
    this.area.hidden = true;
    const field = document.createElement("div");
    field.className = "recipients-field";
    field.append(this.box, this.options);
    this.area.before(field, this.said);
  }

  makeInput() {
    const input = document.createElement("input");
    input.type = "text";
    input.className = "recipients-input";
    input.id = this.area.id;
    this.area.removeAttribute("id");
    if (this.area.autofocus) input.setAttribute("autofocus", "");
    this.area.removeAttribute("autofocus");
    const attributes = {
      role: "combobox",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      enterkeyhint: "done",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-describedby": "recipients-help",
    };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    if (this.area.getAttribute("aria-invalid") === "true") input.setAttribute("aria-invalid", "true");
    return input;
  }

  get form() {
    return this.root.closest("form");
  }

  get chips() {
    return [...this.list.children];
  }

  say(text) {
    this.said.textContent = text;
  }

  // --- The recipients

  add(text) {
    const added = lines(text);
    this.input.value = "";
    this.close();
    if (!added.length) return;
    this.lines.push(...added);
    for (const line of added) this.list.append(waiting(line));
    this.read(added.length === 1 ? `${added[0]} added.` : `${added.length} recipients added.`);
  }

  remove(index, { back = true } = {}) {
    const chip = this.chips[index];
    if (!chip) return;
    const name = chip.querySelector(".recipient-name").textContent;
    this.lines.splice(index, 1);
    chip.remove();
    this.focusChip(back ? Math.max(index - 1, 0) : index);
    this.read(`${name} removed.`);
  }

  focusChip(index) {
    const button = this.chips[index]?.querySelector("[data-recipient-remove]");
    (button ?? this.input).focus();
  }

  // The form may be sent at any moment: the text area has what the list shows.
  write() {
    this.area.value = this.lines.join("\n");
  }

  async read(said = "") {
    this.write();
    this.asked += 1;
    const question = this.asked;
    if (said) this.say(said);
    try {
      const answer = await fetch(this.root.dataset.read, { method: "POST", body: new FormData(this.form) });
      if (!answer.ok) throw new Error(answer.statusText);
      const html = await answer.text();
      if (question === this.asked) this.show(new DOMParser().parseFromString(html, "text/html"));
    } catch {
      if (question === this.asked) this.summary.textContent = "This could not be checked now. It is when you share.";
    }
  }

  show(page) {
    const reading = page.querySelector("[data-reading]");
    const text = reading.dataset.text;
    const focused = this.chips.findIndex((chip) => chip.contains(document.activeElement));
    this.lines = text ? text.split("\n") : [];
    this.write();
    this.list.replaceChildren(...reading.querySelector("[data-recipients-list]").children);
    if (focused >= 0) this.focusChip(Math.min(focused, this.chips.length - 1));
    this.summary.textContent = reading.querySelector("[data-recipients-summary]").textContent;
    if (!reading.querySelector(".recipient-wrong")) this.input.removeAttribute("aria-invalid");
  }

  // --- Suggestions

  suggest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const wanted = this.input.value.trim();
    const address = `${this.root.dataset.suggest}?${new URLSearchParams({ q: wanted })}`;
    try {
      const answer = await fetch(address);
      if (!answer.ok || wanted !== this.input.value.trim() || document.activeElement !== this.input) return;
      const page = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
      this.open([...page.querySelectorAll("[role=option]")].filter((option) => !this.has(option.dataset.text)));
    } catch {
      this.close(); // one can type without suggestions
    }
  }

  has(text) {
    return this.lines.some((line) => line.toLowerCase() === text.toLowerCase());
  }

  open(options) {
    this.options.replaceChildren(...options);
    this.options.hidden = !options.length;
    this.input.setAttribute("aria-expanded", String(Boolean(options.length)));
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    clearTimeout(this.timer);
    this.open([]);
  }

  get isOpen() {
    return !this.options.hidden;
  }

  get active() {
    return this.options.querySelector("[aria-selected=true]");
  }

  activate(step) {
    const all = [...this.options.children];
    const next = all[(all.indexOf(this.active) + step + all.length) % all.length] ?? all[0];
    for (const option of all) option.setAttribute("aria-selected", String(option === next));
    this.input.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  }

  choose(option) {
    if (option.getAttribute("aria-disabled") === "true") {
      this.say(option.innerText);
      return;
    }
    this.add(option.dataset.text);
    this.input.focus();
  }

  // --- Keys, clicks, paste

  listen() {
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("click", () => !this.isOpen && this.ask());
    this.input.addEventListener("paste", (event) => this.onPaste(event));
    this.input.addEventListener("blur", () => this.add(this.input.value));
    this.list.addEventListener("keydown", (event) => this.onChipKey(event));
    this.list.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-recipient-remove]")?.closest("li");
      if (chip) this.remove(this.chips.indexOf(chip));
    });
    this.box.addEventListener("click", (event) => event.target === this.box && this.input.focus());
    this.options.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    this.options.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option);
    });
    this.form.addEventListener("submit", () => this.beforeSubmit(), { capture: true });
  }

  // What is still in the field is shared with as well.
  beforeSubmit() {
    this.lines.push(...lines(this.input.value));
    this.input.value = "";
    this.write();
  }

  onInput() {
    if (SEPARATORS.test(this.input.value)) this.add(this.input.value);
    else if (this.input.value.trim()) this.suggest();
    else this.close();
  }

  onPaste(event) {
    const text = event.clipboardData.getData("text");
    if (lines(text).length < 2) return;
    event.preventDefault();
    this.add(`${this.input.value}\n${text}`);
  }

  onKey(event) {
    const acts = {
      Enter: () => (this.active ? this.choose(this.active) : this.add(this.input.value)),
      ArrowDown: () => (this.isOpen ? this.activate(1) : this.ask()),
      ArrowUp: () => this.isOpen && this.activate(this.active ? -1 : 0),
      Escape: () => this.close(),
      Backspace: () => this.remove(this.chips.length - 1, { back: false }),
      ArrowLeft: () => this.focusChip(this.chips.length - 1),
    };
    const atStart = this.input.selectionStart === 0 && this.input.selectionEnd === 0;
    if (!acts[event.key] || event.isComposing) return;
    if (event.key === "Escape" && !this.isOpen) return; // it closes the dialog
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this.form.requestSubmit();
      return;
    }
    if (["Backspace", "ArrowLeft"].includes(event.key) && !(atStart && this.chips.length)) return;
    event.preventDefault();
    acts[event.key]();
  }

  onChipKey(event) {
    const index = this.chips.findIndex((chip) => chip.contains(event.target));
    const acts = {
      ArrowLeft: () => this.focusChip(Math.max(index - 1, 0)),
      ArrowRight: () => this.focusChip(index + 1),
      Home: () => this.focusChip(0),
      End: () => this.input.focus(),
      Backspace: () => this.remove(index),
      Delete: () => this.remove(index, { back: false }),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}

// A recipient that the server has not read yet.
function waiting(line) {
  const chip = document.createElement("li");
  chip.className = "recipient recipient-waiting";
  const text = document.createElement("span");
  text.className = "recipient-name";
  text.textContent = line;
  chip.append(text);
  return chip;
}

function enhance(root) {
  for (const field of root.querySelectorAll("[data-recipients]:not([data-ready])")) {
    field.dataset.ready = "";
    new Recipients(field);
  }
}

document.addEventListener("content", (event) => enhance(event.detail));
document.addEventListener("htmx:afterSettle", (event) => enhance(event.detail.elt));
enhance(document);
