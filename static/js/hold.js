// Says once when three minutes of the hold are left, and once when it is over. No running clock: nothing moves by itself.
// Keeps the times longer without leaving the page, so that nothing that was typed below is lost.
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
  box.querySelector("form")?.addEventListener("submit", (event) => extend(event, box));
}

async function extend(event, box) {
  event.preventDefault();
  const form = event.target;
  const answers = new FormData(form);
  form.querySelector("button").disabled = true;
  const answer = await fetch(form.action, { method: "POST", body: answers }).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const renewed = page?.querySelector("[data-hold]");
  if (!renewed) {
    location.assign(answer?.url ?? location.href);
    return;
  }
  box.replaceWith(renewed);
  watch(renewed);
  renewed.tabIndex = -1;
  renewed.focus({ preventScroll: true });
}

document.querySelectorAll("[data-hold]").forEach(watch);
