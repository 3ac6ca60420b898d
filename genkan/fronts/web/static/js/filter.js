// Filters the portal while typing. Without scripts the same field asks the server.
export function filterAccounts() {
  const form = document.querySelector("form[data-filter]");
  const field = form?.querySelector("input[type=search]");
  const rows = [...document.querySelectorAll("[data-search]")];
  if (!field || rows.length === 0) return;
  const nothing = document.getElementById("nothing-found");
  const status = document.getElementById("status");
  const apply = () => {
    const words = fold(field.value).split(" ").filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const match = words.every((word) => fold(row.dataset.search).includes(word));
      row.hidden = !match;
      shown += match ? 1 : 0;
    }
    nothing.hidden = shown > 0;
    status.textContent = form.dataset.counted.replace("{count}", shown);
  };
  // A page that came back filtered by the server lacks the other accounts: let the form do it then.
  if (form.dataset.partial === "true") return;
  form.querySelector("button").hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Enter goes straight on when only one account is left.
    const left = rows.filter((row) => !row.hidden);
    if (left.length === 1) left[0].querySelector("button").focus();
  });
  field.addEventListener("input", apply);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });
  if (field.value) apply();
}

// Width and case do not matter: "ＤＥＶ" finds "dev". Account ids are found with and without hyphens.
function fold(text) {
  return text.normalize("NFKC").toLowerCase().replace(/(?<=\d)-(?=\d)/g, "").trim();
}
