// While a model is being learnt: how far it is; the page is loaded anew when it ends.
import { say } from "/static/desk.js";

const EVERY = 2000;
const run = document.querySelector("[data-run]");

async function look() {
  const answer = await fetch(run.dataset.run).catch(() => null);
  if (answer?.ok) {
    const { running, stage, share } = await answer.json();
    if (!running) {
      say(run.dataset.done);
      setTimeout(() => location.reload(), 300);
      return;
    }
    const told = run.querySelector("[data-stage]");
    if (told.textContent !== stage) say(stage);
    told.textContent = stage;
    run.querySelector("progress").value = share;
  }
  setTimeout(look, EVERY);
}

if (run) setTimeout(look, EVERY);
