// Keys of the whole panel: / search, ? this list, g i Saved Images, g s Shared with us, s share the image of the row.

const SEQUENCE = 1200; // milliseconds in which the second key of "g i" must come

let wentAt = 0;

function isTyping(element) {
  return element.closest("input, textarea, select, [contenteditable], dialog, [role=menu]");
}

function focusSearch() {
  const visible = [...document.querySelectorAll("[data-search]")].filter((field) => field.checkVisibility());
  const field = visible.find((candidate) => candidate.closest("main")) ?? visible[0];
  field?.focus();
  field?.select();
  return Boolean(field);
}

function go(part) {
  const link = document.querySelector(`#navigation a[data-key="${part}"]`);
  link?.click();
  return Boolean(link);
}

function showKeys() {
  const template = document.getElementById("keys-template");
  document.dispatchEvent(new CustomEvent("dialog", { detail: template.content.cloneNode(true) }));
  return true;
}

// The gear of the row that has the focus knows the row's actions and which of them has a key.
function runRowKey(key) {
  const gear = document.activeElement.closest("[data-menu-row]")?.querySelector("[data-menu]");
  const action = gear && JSON.parse(gear.dataset.menu).find((entry) => entry.key === key && !entry.disabled);
  if (!action) return false;
  const link = document.createElement("a");
  link.href = action.href;
  if (action.dialog) link.dataset.dialog = "";
  document.body.append(link);
  link.click();
  link.remove();
  return true;
}

function handle(key) {
  if (Date.now() - wentAt < SEQUENCE) {
    wentAt = 0;
    return go(key);
  }
  if (key === "/") return focusSearch();
  if (key === "?") return showKeys();
  if (key === "g") {
    wentAt = Date.now();
    return true;
  }
  return runRowKey(key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
  if (handle(event.key)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-keys]")) showKeys();
});
