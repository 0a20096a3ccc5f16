// Messages: closing them, focus for what is wrong with a form, and short spoken ones ("Copied") in the shared toast.
// Other scripts say something with: document.dispatchEvent(new CustomEvent("say", { detail: "Copied" })).

const SHOWN_FOR = 2500; // milliseconds
let timer;

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-message]")?.closest("[data-message], [data-notice]")?.remove();
});

// A group of choices cannot take the focus itself: its first choice does.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a");
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  const field = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea");
  field?.focus();
  target.scrollIntoView({ block: "center" });
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

// An action that was refused (403, 404, 409) answers with a page that says why: it is shown like any other.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, serverResponse } = event.detail;
  if (xhr.status >= 400 && target.id === "main" && serverResponse.includes('id="main"')) event.detail.shouldSwap = true;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "main") return;
  // The button that was pressed may be gone with its row: the keyboard goes on at the top of the page.
  if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  const messages = document.getElementById("messages");
  if (messages?.children.length) document.dispatchEvent(new CustomEvent("say", { detail: messages.innerText.trim() }));
});

// A notice that was closed is gone with its button: the keyboard goes on at the next one, or at the top of the page.
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.target?.matches?.(".notice") || document.activeElement !== document.body) return;
  const next = document.querySelector(".notice-close") ?? document.getElementById("main");
  next?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterSwap", (event) => focusErrors(event.detail.target));
focusErrors(document);
