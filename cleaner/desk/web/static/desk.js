// What all pages have: messages that are spoken, and a dialog that tells the keys.
document.documentElement.classList.add("scripted");

export function say(words) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = words; }, 50);
}

export function isTyping(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing
    || event.target.closest("input, select, textarea, [contenteditable]") !== null;
}

export function sayWhatWasSaid() {
  const said = document.querySelector("main [data-say]");
  if (said) say(said.textContent);
}

const dialog = document.getElementById("keys");
document.addEventListener("keydown", (event) => {
  if (event.key === "?" && !isTyping(event) && dialog && !dialog.open) {
    event.preventDefault();
    dialog.showModal();
  }
});
document.addEventListener("click", (event) => {
  if (dialog && event.target.closest("[data-keys]")) dialog.showModal();
});
sayWhatWasSaid();
