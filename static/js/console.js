// Consoles of servers, to which htmx adds what was printed since: stays at the end, unless somebody has scrolled up.

const MOST = 500000; // characters kept on a page that is left open; the beginning goes first
const NEAR = 40; // pixels from the end that still count as the end

function consoleOf(event) {
  return event.target.closest?.("[data-console]") ?? event.detail?.elt?.closest?.("[data-console]");
}

function shorten(element) {
  let length = element.textContent.length;
  while (length > MOST && element.childNodes.length > 1) {
    length -= element.firstChild.textContent.length;
    element.firstChild.remove();
  }
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const element = consoleOf(event);
  if (element) element.following = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
});

document.addEventListener("htmx:afterSwap", () => {
  for (const element of document.querySelectorAll("[data-console]")) {
    if (!element.following) continue;
    shorten(element);
    element.scrollTop = element.scrollHeight;
    element.following = false;
  }
});

// A console that is a page of its own comes with its text.
for (const element of document.querySelectorAll("[data-console]")) element.scrollTop = element.scrollHeight;
