// Refreshes the proposals while the wishes change, by the same address the form would open. Any trouble: the form is sent.
//
// <form method="get" data-planner data-busy="Looking for times" autocomplete="off">… and <p role="status" data-planner-status>,
// <section id="proposals" data-summary="3 plans"> (its summary is read out after a refresh).
const PAUSE = 350;
const form = document.querySelector("form[data-planner]");
const status = document.querySelector("[data-planner-status]");
let waiting = 0;
let running = null;

function address() {
  const url = new URL(form.action);
  const wishes = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") wishes.append(name, value);
  url.search = wishes.toString();
  url.hash = "";
  return url.href;
}

function say(words) {
  if (status) status.textContent = words ?? "";
}

async function fetched(url, signal) {
  const answer = await fetch(url, { signal, headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const proposals = page.getElementById("proposals");
  if (!proposals) throw new Error("no proposals");
  return { proposals, short: answer.url };
}

async function refresh() {
  running?.abort();
  const mine = (running = new AbortController());
  const url = address();
  const shown = document.getElementById("proposals");
  shown.setAttribute("aria-busy", "true");
  say(form.dataset.busy);
  try {
    const { proposals, short } = await fetched(url, mine.signal);
    if (mine !== running) return;
    document.getElementById("proposals").replaceWith(proposals);
    history.replaceState(history.state, "", short);
    say(proposals.dataset.summary);
  } catch {
    if (mine === running) location.assign(url);
  }
}

function changed(event) {
  if (event.target.type === "file" || !form.checkValidity()) return;
  clearTimeout(waiting);
  waiting = setTimeout(refresh, PAUSE);
}

if (form && document.getElementById("proposals")) form.addEventListener("change", changed);
