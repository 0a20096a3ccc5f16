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
  const list = document.getElementById("keys-template").content.cloneNode(true);
  for (const more of document.querySelectorAll("template[data-more-keys]")) {
    list.querySelector("dl").prepend(more.content.cloneNode(true));
  }
  document.dispatchEvent(new CustomEvent("dialog", { detail: list }));
  return true;
}

// Whether the row that has the focus does something on this key (menu.js).
function runRowKey(key) {
  return !document.dispatchEvent(new CustomEvent("row-key", { detail: key, cancelable: true }));
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
