// Small comforts of forms: selectors that act at once, and one-click demo people on the sign-in page.

document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit-on-change]")?.requestSubmit();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  for (const [name, value] of Object.entries(JSON.parse(button.dataset.fill))) {
    const field = document.querySelector(`[name="${name}"]`);
    if (field) field.value = value;
  }
  document.querySelector(button.dataset.fillThenFocus)?.focus();
});
