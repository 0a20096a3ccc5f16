// Links with data-dialog open their page in the one shared dialog. The server answers a request with the header
// X-Dialog with the dialog's part only (components/dialog_page.html). Forms inside are sent the same way: an answer
// that is again a dialog takes the place of the old one, an answer that is a page closes the dialog and becomes the page.

const HEADERS = { "X-Dialog": "1" };
const SLOW = 300; // milliseconds after which waiting is shown

let opener = null;

const dialog = () => document.getElementById("dialog");

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

function show(content) {
  const element = dialog();
  element.replaceChildren(content);
  if (!element.open) element.showModal();
  window.htmx?.process(element);
  document.dispatchEvent(new CustomEvent("content", { detail: element }));
  // Never what is dangerous: whoever presses Enter twice has not confirmed it.
  const first = element.querySelector("[data-error-summary]") ??
    element.querySelector("[autofocus]") ??
    element.querySelector(
      ".dialog-body :is(input:not([type=hidden]), select, textarea, a, button):not([disabled], .btn-danger)"
    );
  first?.focus();
}

function showWaiting() {
  const text = document.createElement("p");
  text.className = "dialog-loading";
  text.setAttribute("role", "status");
  text.textContent = "Loading…";
  show(text);
}

// Puts a whole page in the place of this one without loading it anew: scripts and scroll position stay.
function become(page, address) {
  dialog().close();
  document.title = page.title;
  document.body.replaceWith(page.body);
  if (address !== location.href) {
    history.pushState(null, "", address);
    scrollTo(0, 0);
  }
  window.htmx?.process(document.body);
  document.dispatchEvent(new CustomEvent("content", { detail: document.body }));
  giveFocusBack();
  const messages = document.getElementById("messages");
  if (messages?.children.length) say(messages.innerText);
}

function say(text) {
  document.dispatchEvent(new CustomEvent("say", { detail: text.trim() }));
}

// The page behind the dialog shows what the dialog has just changed.
async function refreshBehind() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = parse(await answer.text());
  const main = page.getElementById("main");
  if (!main) return;
  document.getElementById("main").replaceWith(main);
  window.htmx?.process(main);
  document.dispatchEvent(new CustomEvent("content", { detail: main }));
}

// An answer that takes long begins with an empty line for each step that is done (sharing/views/steps.py).
async function textOf(answer, busy) {
  const steps = Number(answer.headers.get("X-Steps"));
  if (!steps || !busy) return answer.text();
  const label = [...busy.childNodes];
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  let text = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      const done = text.length - text.trimStart().length;
      busy.textContent = `${Math.min(done, steps)} of ${steps} done`;
    }
  } finally {
    busy.replaceChildren(...label);
  }
  return text;
}

async function take(answer, { sent = false, busy = null } = {}) {
  const page = parse(await textOf(answer, busy));
  const content = page.querySelector(".dialog-content");
  if (!content) {
    become(page, answer.url);
    return;
  }
  show(content);
  if (sent && !content.querySelector("[data-error-summary], [aria-invalid=true]")) await refreshBehind();
}

async function openDialog(address) {
  opener = document.activeElement;
  const timer = setTimeout(showWaiting, SLOW);
  try {
    const answer = await fetch(address, { headers: HEADERS });
    clearTimeout(timer);
    await take(answer);
  } catch {
    clearTimeout(timer);
    location.assign(address); // the page says what is wrong better than a dialog without content
  }
}

async function send(form, submitter) {
  const data = new FormData(form, submitter);
  const busy = submitter ?? form.querySelector("[type=submit]");
  if (busy?.classList.contains("is-busy")) return; // a second press of the same button
  busy?.classList.add("is-busy");
  try {
    if (form.method === "post") {
      await take(await fetch(form.action, { method: "POST", body: data, headers: HEADERS }), { sent: true, busy });
    } else {
      await take(await fetch(`${form.action.split("?")[0]}?${new URLSearchParams(data)}`, { headers: HEADERS }));
    }
  } catch {
    say("The panel could not be reached. What you typed is still here: try again.");
  } finally {
    busy?.classList.remove("is-busy");
  }
}

function giveFocusBack() {
  if (opener?.isConnected) {
    opener.focus();
    return;
  }
  // The row was drawn anew: its twin has the same address.
  const address = opener?.getAttribute?.("href");
  const twin = address && document.querySelector(`#main a[href="${CSS.escape(address)}"]`);
  (twin || document.getElementById("main"))?.focus();
}

document.addEventListener("click", (event) => {
  const element = dialog();
  if (event.target.closest("[data-dialog-close]")) {
    event.preventDefault();
    element.close();
    return;
  }
  if (event.target === element) {
    element.close(); // a click on the backdrop
    return;
  }
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openDialog(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("#dialog") || event.defaultPrevented || form.matches("[hx-post], [hx-get], [data-dialog-leave]")) return;
  event.preventDefault();
  send(form, event.submitter);
});

document.addEventListener("close", (event) => {
  if (event.target !== dialog()) return;
  event.target.replaceChildren();
  giveFocusBack();
}, true);

addEventListener("popstate", () => location.reload());

document.addEventListener("dialog", (event) => {
  opener = document.activeElement;
  show(event.detail);
});
