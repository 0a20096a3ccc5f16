// Remembers the chosen theme in a cookie, so that the server writes it into the next page and nothing flashes.

const YEAR = 365 * 24 * 3600;

document.addEventListener("change", (event) => {
  if (!event.target.closest("[data-theme-choice]")) return;
  const theme = event.target.value;
  const root = document.documentElement;
  if (theme) {
    root.dataset.bsTheme = theme;
  } else {
    delete root.dataset.bsTheme;
  }
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Max-Age=${theme ? YEAR : 0}; Path=/; SameSite=Lax${secure}`;
});
