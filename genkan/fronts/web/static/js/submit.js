// Sends the SAML form as soon as it stands there; its button does the same by hand.
export function submitByItself() {
  document.querySelector("form[data-auto-submit]")?.requestSubmit();
}
