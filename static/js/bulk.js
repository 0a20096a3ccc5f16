// Ticking several rows of Saved Images: the bar that says how many there are, and its actions in the dialog.

const checks = () => [...document.querySelectorAll(".row-check")];
const ticked = () => checks().filter((check) => check.checked);
let kept = []; // the ids that are ticked while the list is drawn anew

function update() {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const number = ticked().length;
  bar.hidden = !number;
  bar.querySelector("[data-bulk-count]").textContent = number ? `${number} selected:` : "";
  const all = document.querySelector("[data-bulk-all]");
  all.checked = number > 0 && number === checks().length;
  all.indeterminate = number > 0 && !all.checked;
  all.hidden = !checks().length;
}

function tick(which) {
  for (const check of checks()) check.checked = which(check);
  update();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-bulk-all]")) tick(() => event.target.checked);
  else if (event.target.matches(".row-check")) update();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-bulk-clear]")) return;
  tick(() => false);
  document.querySelector("[data-bulk-all]")?.focus();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-bulk]")) return;
  event.preventDefault();
  const link = document.createElement("a");
  link.href = `${event.submitter.formAction.split("?")[0]}?${new URLSearchParams(new FormData(form))}`;
  link.dataset.dialog = "";
  document.body.append(link);
  link.click();
  link.remove();
});

document.addEventListener("htmx:beforeSwap", () => { kept = ticked().map((check) => check.value); });
document.addEventListener("htmx:afterSettle", () => {
  if (kept.length) tick((check) => kept.includes(check.value));
  else update();
  kept = [];
});
document.addEventListener("content", update);
update();
