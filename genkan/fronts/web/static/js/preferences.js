// The theme switch and the sandbox strip without loading the page again. Cookies as in preferences.py.
const YEAR = 365 * 24 * 3600;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

export function switchTheme() {
  const links = [...document.querySelectorAll("a[data-theme-choice]")];
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const theme = link.dataset.themeChoice;
      document.documentElement.dataset.theme = theme;
      remember("genkan_theme", theme);
      for (const other of links) other.toggleAttribute("aria-current", other === link);
      link.setAttribute("aria-current", "true");
    });
  }
}

export function dismissHint() {
  const link = document.querySelector("a[data-dismiss]");
  link?.addEventListener("click", (event) => {
    event.preventDefault();
    remember("genkan_hint", "off");
    link.closest(".strip").remove();
  });
}

// Credentials page: begin with the reader's own system, then with the one chosen last.
export function rememberSystem() {
  const choices = [...document.querySelectorAll("input[name=os]")];
  if (choices.length === 0) return;
  const known = localStorage.getItem("genkan-os");
  const guess = navigator.userAgent.includes("Windows") ? "powershell" : "posix";
  const first = choices.find((choice) => choice.value === (known ?? guess)) ?? choices[0];
  first.checked = true;
  for (const choice of choices) {
    choice.addEventListener("change", () => localStorage.setItem("genkan-os", choice.value));
  }
}
