// Says once when three minutes of the hold are left, and once when it is over. No running clock: nothing moves by itself.
const SOON = 3 * 60;

function watch(box) {
  const status = box.querySelector("[role=status]");
  const end = Date.now() + Number(box.dataset.seconds) * 1000;

  function say() {
    const left = (end - Date.now()) / 1000;
    if (left <= 0) {
      status.textContent = box.dataset.over;
      box.querySelector("form")?.setAttribute("hidden", "");
      return;
    }
    if (left <= SOON && !status.textContent) status.textContent = box.dataset.soon;
    setTimeout(say, Math.min(left > SOON ? left - SOON : left, 30) * 1000 + 250);
  }

  say();
}

document.querySelectorAll("[data-hold]").forEach(watch);
