// Counts down how long an offer can be undone. The numbers are for the eye; a screen reader hears once that it is over.

function countDown(form) {
  const left = form.querySelector("[data-undo-left]");
  const end = Date.now() + Number(form.dataset.undo) * 1000;
  const timer = setInterval(() => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    if (!form.isConnected) clearInterval(timer);
    else if (seconds > 0) left.textContent = seconds === 1 ? "1 second" : `${seconds} seconds`;
    else {
      clearInterval(timer);
      expire(form);
    }
  }, 1000);
}

function expire(form) {
  const button = form.querySelector("button");
  const over = form.querySelector("[data-undo-over]");
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-describedby", (over.id = "undo-over"));
  form.querySelector("#undo-note").hidden = true;
  over.hidden = false;
}

document.addEventListener("submit", (event) => {
  if (event.target.querySelector("[data-undo-over]:not([hidden])")) {
    event.preventDefault();
    event.stopPropagation();
  }
}, { capture: true });

function enhance(root) {
  for (const form of root.querySelectorAll("[data-undo]:not([data-ready])")) {
    form.dataset.ready = "";
    countDown(form);
  }
}

document.addEventListener("content", (event) => enhance(event.detail));
enhance(document);
