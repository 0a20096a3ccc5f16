// The account switcher: typing finds an account by name or number, arrow keys walk through the list.

const LINKS = "[data-switcher-list] li:not([hidden]) a";

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-switcher-search]")) return;
  const menu = event.target.closest(".menu");
  const wanted = event.target.value.trim().toLowerCase();
  const digits = wanted.replace(/[\s.-]/g, "");
  let found = 0;
  for (const item of menu.querySelectorAll("[data-switcher-text]")) {
    const text = item.dataset.switcherText;
    item.hidden = !(text.includes(wanted) || (/^\d+$/.test(digits) && text.includes(digits)));
    found += item.hidden ? 0 : 1;
  }
  menu.querySelector("[data-switcher-none]").hidden = found > 0;
});

document.addEventListener("keydown", (event) => {
  const switcher = event.target.closest(".switcher[open]");
  if (!switcher || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const links = [...switcher.querySelectorAll(LINKS)];
  if (!links.length) return;
  if (event.key === "Enter") {
    if (!event.target.matches("[data-switcher-search]")) return;
    event.preventDefault();
    links[0].click();
    return;
  }
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const index = links.indexOf(document.activeElement);
  links[index === -1 ? (step === 1 ? 0 : links.length - 1) : (index + step + links.length) % links.length].focus();
});

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".switcher[open]")) event.target.querySelector("[data-switcher-search]")?.focus();
}, true);
