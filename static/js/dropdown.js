// Drop-downs are <details>: they open without a script. This closes them on Escape, on a click or a focus elsewhere.

const OPEN = "details[data-dropdown][open]";

function closeAllBut(element) {
  for (const dropdown of document.querySelectorAll(OPEN)) {
    if (!dropdown.contains(element)) dropdown.open = false;
  }
}

document.addEventListener("click", (event) => closeAllBut(event.target));
document.addEventListener("focusin", (event) => closeAllBut(event.target));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const dropdown = document.querySelector(OPEN);
  if (!dropdown) return;
  dropdown.open = false;
  dropdown.querySelector("summary").focus();
});
