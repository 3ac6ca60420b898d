// Copy buttons: hidden in the HTML, since without scripts they would do nothing.
const SHOWN_FOR_MS = 2000;

export function offerCopying() {
  if (!navigator.clipboard) return; // plain http under another name than localhost
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const label = button.textContent;
    const source = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.copied;
      button.dataset.done = "";
      say(button.dataset.copied);
      setTimeout(() => {
        button.textContent = label;
        delete button.dataset.done;
      }, SHOWN_FOR_MS);
    });
  }
}

function say(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}
