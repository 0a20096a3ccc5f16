// Messages: closing them, focus for what is wrong with a form, and short spoken ones ("Copied") in the shared toast.
// Other scripts say something with: document.dispatchEvent(new CustomEvent("say", { detail: "Copied" })).

const SHOWN_FOR = 2500; // milliseconds
let timer;

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-message]")?.closest("[data-message], [data-notice]")?.remove();
});

document.addEventListener("say", (event) => {
  const toast = document.getElementById("toast");
  if (!toast) return;
  toast.showPopover();
  // The text comes after the element is shown: screen readers announce a change in what is there.
  toast.textContent = event.detail;
  clearTimeout(timer);
  timer = setTimeout(() => {
    toast.hidePopover();
    toast.textContent = "";
  }, SHOWN_FOR);
});

function focusErrors(root) {
  root.querySelector("[data-error-summary]")?.focus();
}

document.addEventListener("htmx:afterSwap", (event) => focusErrors(event.detail.target));
focusErrors(document);
