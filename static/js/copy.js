// Copies the text of data-copy and says so.

const SHOWN_FOR = 1600; // milliseconds

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Pages served without TLS under a name other than localhost have no clipboard object.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("The browser refused to copy.");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  try {
    await write(button.dataset.copy);
  } catch {
    document.dispatchEvent(new CustomEvent("say", { detail: "The browser did not allow copying" }));
    return;
  }
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), SHOWN_FOR);
  document.dispatchEvent(new CustomEvent("say", { detail: "Copied" }));
});
