// The one shared menu of a page. The list has its menus as JSON in data-menus, a gear link the place of its own among
// them in data-menu; a row with data-menu-row opens the menu of its gear on a right click, Shift+F10 and the menu key.
// Keys as in the ARIA menu pattern.

const NO_ID = "00000000-0000-0000-0000-000000000000"; // stands in data-menus where the id of the row belongs
const MARGIN = 8; // pixels between the menu and the edge of the window
const TYPE_AHEAD = 600; // milliseconds after which a new word begins
const SCROLL = 24; // pixels that the page may still move under an open menu: a scroll that ends after the click
const PHONE = matchMedia("(max-width: 639.98px)");

let opener = null; // gets the focus back
let openedAt = 0; // how far the page was scrolled then
let typed = "";
let typedAt = 0;

const menu = () => document.getElementById("row-menu");
const items = () => [...menu().querySelectorAll("[role=menuitem]")];
const isOpen = () => menu()?.matches(":popover-open") ?? false;
const iconAddress = () => document.querySelector("svg.icon use")?.getAttribute("href").split("#")[0];

function actionsOf(gear) {
  const actions = JSON.parse(gear.closest("[data-menus]").dataset.menus)[gear.dataset.menu];
  const mine = (text) => text?.replace(NO_ID, gear.dataset.menuId);
  return actions.map((action) => ({ ...action, href: mine(action.href), copy: mine(action.copy) }));
}

function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `${iconAddress()}#${name}`);
  svg.append(use);
  return svg;
}

function post(address) {
  const form = document.getElementById("post-form");
  form.action = address;
  form.requestSubmit();
}

function itemElement(action) {
  const isLink = action.href && action.method !== "post" && !action.disabled;
  const item = document.createElement(isLink ? "a" : "button");
  if (isLink) item.href = action.href;
  else item.type = "button";
  item.className = "menu-item";
  item.setAttribute("role", "menuitem");
  item.tabIndex = -1;
  item.classList.toggle("menu-item-danger", Boolean(action.danger));
  if (action.dialog) item.dataset.dialog = "";
  if (action.copy && !action.disabled) item.dataset.copy = action.copy;
  if (action.method === "post" && !action.disabled) item.dataset.post = action.href;
  if (action.icon) item.append(icon(action.icon));
  item.append(textElement(action));
  if (action.disabled) item.setAttribute("aria-disabled", "true");
  return item;
}

function textElement(action) {
  const text = document.createElement("span");
  text.className = "menu-item-text";
  text.textContent = action.label;
  if (action.disabled) {
    const reason = document.createElement("span");
    reason.className = "menu-item-note";
    reason.textContent = action.disabled;
    text.append(reason);
  }
  return text;
}

function fill(actions) {
  menu().replaceChildren(
    ...actions.map((action) => {
      if (!action.separator) return itemElement(action);
      const line = document.createElement("div");
      line.className = "menu-separator";
      line.setAttribute("role", "separator");
      return line;
    }),
  );
}

function place(x, y) {
  const element = menu();
  element.style.left = element.style.top = "";
  if (PHONE.matches) return;
  const { width, height } = element.getBoundingClientRect();
  element.style.left = `${Math.max(MARGIN, Math.min(x, innerWidth - width - MARGIN))}px`;
  const below = y + height + MARGIN <= innerHeight;
  element.style.top = `${Math.max(MARGIN, below ? y : Math.min(y - height, innerHeight - height - MARGIN))}px`;
}

function open(gear, { x, y, focus = gear }) {
  close({ giveFocusBack: false });
  opener = focus;
  openedAt = scrollY;
  fill(actionsOf(gear));
  menu().setAttribute("aria-label", gear.getAttribute("aria-label"));
  gear.setAttribute("aria-expanded", "true");
  menu().showPopover();
  place(x, y);
  items()[0]?.focus({ preventScroll: true });
}

function openAtGear(gear, focus = gear) {
  const box = gear.getBoundingClientRect();
  open(gear, { x: box.left, y: box.bottom + 4, focus });
}

function close({ giveFocusBack = true } = {}) {
  if (!isOpen()) return;
  menu().hidePopover();
  document.querySelector("[data-menu][aria-expanded=true]")?.setAttribute("aria-expanded", "false");
  if (giveFocusBack) opener?.focus({ preventScroll: true });
}

function focusAt(index) {
  const all = items();
  all[(index + all.length) % all.length]?.focus();
}

function typeAhead(letter) {
  const now = Date.now();
  typed = (now - typedAt > TYPE_AHEAD ? "" : typed) + letter.toLowerCase();
  typedAt = now;
  const all = items();
  const current = all.indexOf(document.activeElement);
  // The same letter again goes on to the next entry that begins with it; a longer word may stay where it is.
  const isOneLetter = new Set(typed).size === 1;
  const wanted = isOneLetter ? typed[0] : typed;
  const from = Math.max(current, 0) + (isOneLetter ? 1 : 0);
  const order = all.map((_, offset) => all[(from + offset) % all.length]);
  order.find((item) => item.textContent.trim().toLowerCase().startsWith(wanted))?.focus();
}

function onMenuKey(event) {
  const current = items().indexOf(document.activeElement);
  const moves = {
    ArrowDown: () => focusAt(current + 1),
    ArrowUp: () => focusAt(current < 0 ? -1 : current - 1),
    Home: () => focusAt(0),
    End: () => focusAt(-1),
    Escape: () => close(),
    Tab: () => close(),
    " ": () => document.activeElement.click(),
  };
  if (moves[event.key]) {
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    event.stopPropagation();
    typeAhead(event.key);
  }
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

function onItemClick(event, item) {
  if (item.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    return;
  }
  close();
  if (item.dataset.post) post(item.dataset.post);
}

document.addEventListener("click", (event) => {
  const gear = event.target.closest("[data-menu]");
  if (gear) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the person wants the page in a new tab
    event.preventDefault();
    const wasOpen = isOpen() && opener === gear;
    if (wasOpen) close();
    else openAtGear(gear);
    return;
  }
  const item = event.target.closest("#row-menu [role=menuitem]");
  if (item) onItemClick(event, item);
});

document.addEventListener("pointerdown", (event) => {
  if (!isOpen() || event.target.closest("#row-menu, [data-menu]")) return;
  close({ giveFocusBack: false });
  // The backdrop of a popover lets the finger through: what lies below the sheet must not take this tap.
  if (PHONE.matches) addEventListener("click", swallow, { capture: true, once: true });
});

document.addEventListener("contextmenu", (event) => {
  if (event.target.closest("#row-menu")) {
    event.preventDefault();
    return;
  }
  const row = event.target.closest("[data-menu-row]");
  const gear = row?.querySelector("[data-menu]");
  // Selected text, fields and touch keep the browser's own menu.
  if (!gear || event.target.closest("input, textarea") || event.pointerType === "touch" || String(getSelection())) return;
  event.preventDefault();
  if (event.button === 2) open(gear, { x: event.clientX, y: event.clientY, focus: gear });
});

document.addEventListener("keydown", (event) => {
  if (isOpen()) {
    onMenuKey(event);
    return;
  }
  const row = event.target.closest?.("[data-menu-row]");
  const gear = event.target.closest?.("[data-menu]") ?? row?.querySelector("[data-menu]");
  if (!gear) return;
  const wantsMenu = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
  const opensGear = event.target === gear && ["ArrowDown", " "].includes(event.key);
  if (wantsMenu || opensGear) {
    event.preventDefault();
    openAtGear(gear, event.target);
  }
});

// The gear of the row that has the focus knows the row's actions and which of them has a key.
document.addEventListener("row-key", (event) => {
  const gear = document.activeElement.closest("[data-menu-row]")?.querySelector("[data-menu]");
  const action = gear && actionsOf(gear).find((entry) => entry.key === event.detail && !entry.disabled);
  if (!action) return;
  event.preventDefault();
  const link = document.createElement("a");
  link.href = action.href;
  if (action.dialog) link.dataset.dialog = "";
  document.body.append(link);
  link.click();
  link.remove();
});

addEventListener("resize", () => close());
addEventListener("scroll", () => { if (!PHONE.matches && Math.abs(scrollY - openedAt) > SCROLL) close(); }, { passive: true });
