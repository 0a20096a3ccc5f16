// The API reference: a field that leaves only the operations which have all of its words.

const field = document.querySelector("[data-reference-filter]");
const count = document.querySelector("[data-reference-count]");
const entries = [...document.querySelectorAll("[data-reference-entry]")];
const sections = [...document.querySelectorAll("[data-reference-section]")];
const chapters = [...document.querySelectorAll("[data-reference-chapter]")];
const texts = new Map(entries.map((entry) => [entry, entry.querySelector("summary").textContent.toLowerCase()]));

function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const [entry, text] of texts) entry.hidden = !words.every((word) => text.includes(word));
  for (const part of [...sections, ...chapters]) part.hidden = !part.querySelector("[data-reference-entry]:not([hidden])");
  const left = entries.filter((entry) => !entry.hidden).length;
  count.textContent = words.length ? (left ? `${left} of ${entries.length}` : "Nothing has all of these words.") : "";
}

// Whoever follows a link to an operation wants to read it, whatever the field hides.
function open() {
  const target = document.getElementById(location.hash.slice(1));
  const entry = target?.closest("[data-reference-entry]");
  if (!entry) return;
  field.value = "";
  filter();
  entry.open = true;
  target.scrollIntoView();
}

field.addEventListener("input", filter);
addEventListener("hashchange", open);
open();
