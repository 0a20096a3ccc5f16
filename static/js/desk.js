// Keys of the review desk: j and k (or the arrows) move through the queue, t takes, a and r go to the decision, u goes
// back. Each of them stands for a link or button of the page.

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function isTyping(element) {
  return element.closest("input, textarea, select, [contenteditable], dialog, [role=menu]");
}

function move(step) {
  const links = [...document.querySelectorAll("[data-case-link]")];
  if (!links.length) return false;
  const row = document.activeElement.closest("[data-case]");
  const here = links.findIndex((link) => row?.contains(link));
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + step, 0), links.length - 1);
  links[next].focus();
  return true;
}

// In the queue, the control of the row that has the focus; on a case, the only one of its key.
function control(key) {
  const row = document.activeElement.closest("[data-case]");
  const within = row ?? (document.querySelector("[data-case]") ? null : document);
  return within?.querySelector(`[data-desk-key="${CSS.escape(key)}"]`);
}

function handle(key) {
  if (key in STEPS) return move(STEPS[key]);
  const found = control(key);
  if (!found) return false;
  if (key === "t" || key === "u") {
    found.click();
    return true;
  }
  // What cannot be taken back needs a second key: Enter on the button, once the answer is written.
  const field = document.getElementById(found.dataset.deskField ?? "");
  (field && !field.value ? field : found).focus();
  return true;
}

// Before keys.js, whose "g" begins a sequence ("g r"): the key after it is not ours.
let wentAt = 0;

document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (Date.now() - wentAt < 1200) {
      wentAt = 0;
      return;
    }
    if (event.key === "g") wentAt = Date.now();
    else if (handle(event.key)) event.preventDefault();
  },
  { capture: true },
);
