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

// On a phone the places of the desk do not all fit in: show the one where we are.
document.querySelector("header nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const dialog = document.getElementById("keys");
document.addEventListener("keydown", (event) => {
  if (event.key === "?" && !isTyping(event) && dialog && !dialog.open) {
    event.preventDefault();
    dialog.showModal();
  }
});
// Lists: j and k go from row to row, Enter opens, as it does anyway; a slash leads to the search.
function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.querySelector("a").focus();
}

function search() {
  const field = document.querySelector("[data-search]");
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

const KEYS = { j: () => step(1), k: () => step(-1), "/": search };
if (document.querySelector("[data-row], [data-search]")) {
  document.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || isTyping(event)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}

document.addEventListener("click", (event) => {
  if (dialog && event.target.closest("[data-keys]")) dialog.showModal();
});
sayWhatWasSaid();
