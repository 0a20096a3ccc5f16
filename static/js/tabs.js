// Where tabs run past the edge of a small screen, the one that is open is in sight.

document.addEventListener("htmx:load", (event) => {
  for (const tab of event.target.querySelectorAll(".tabs [aria-current]")) {
    const row = tab.closest(".tabs");
    const space = row.clientWidth - tab.offsetWidth;
    row.scrollLeft = tab.getBoundingClientRect().left - row.getBoundingClientRect().left + row.scrollLeft - space / 2;
  }
});
