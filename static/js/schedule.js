// The schedule: appointments dragged, or moved with the keys, to where the page then asks whether they may go. A line shows
// the time, and a word tells when something has changed elsewhere. Everything of it can be done without, by the forms.

const sheet = document.querySelector("[data-sheet]");
const DRAG_FROM = 6; // pixels: less is a click
const ASK_EVERY = 20000; // milliseconds

const place = (element, minute) => {
  element.style.setProperty("--h", Math.floor(minute / 60));
  element.style.setProperty("--m", (minute % 60) / 5);
};
const iso = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const clock = (minute) => (document.documentElement.lang === "nb" ? iso(minute).replace(":", ".") : iso(minute));

// -- moving ------------------------------------------------------------------------------------------------------------

/** One appointment on its way: a copy of it that is shown where it would go. */
class Move {
  constructor(link) {
    this.link = link;
    this.item = link.closest("li");
    this.columns = [...sheet.querySelectorAll(".day")];
    this.first = Number(sheet.dataset.from);
    this.last = Number(sheet.dataset.to);
    this.length = Number(this.item.dataset.minutes);
    this.column = this.item.closest(".day");
    this.minute = Number(this.item.dataset.start);
    this.ghost = this.item.cloneNode(true);
    this.ghost.classList.add("ghost");
    this.ghost.setAttribute("aria-hidden", "true");
    this.ghost.querySelector("a").removeAttribute("href");
    this.item.classList.add("leaving");
    this.show();
  }

  to(column, minute) {
    const grid = Number(column.dataset.grid);
    const snapped = Math.round(minute / grid) * grid;
    this.column = column;
    this.minute = Math.max(this.first, Math.min(snapped, this.last - this.length));
    this.show();
  }

  step(minutes) {
    this.to(this.column, this.minute + minutes * Number(this.column.dataset.grid));
  }

  aside(by) {
    const next = this.columns[this.columns.indexOf(this.column) + by];
    if (next) this.to(next, this.minute);
  }

  show() {
    place(this.ghost, this.minute);
    this.ghost.querySelector("time").textContent = clock(this.minute);
    if (this.ghost.parentNode !== this.column) this.column.append(this.ghost);
  }

  get words() {
    return `${this.column.dataset.name} ${clock(this.minute)}`;
  }

  get address() {
    const { day, clinician, clinic } = this.column.dataset;
    const query = new URLSearchParams({ to: `${day}T${iso(this.minute)}~${clinician}~${clinic}`, back: sheet.dataset.back });
    return `${this.link.dataset.move}?${query}`;
  }

  end() {
    this.ghost.remove();
    this.item.classList.remove("leaving");
  }
}

let move = null;
const status = document.querySelector("[data-said]");
const say = (words) => {
  status.textContent = words;
};

function end() {
  const link = move?.link;
  move?.end();
  move = null;
  link?.focus();
}

/** Shows what the move breaks and what is sent, over the schedule; where that fails, as a page of its own. */
async function ask() {
  const address = move.address;
  try {
    const answer = await fetch(address, { redirect: "manual" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const check = page.querySelector("[data-check]");
    if (!check) throw new Error("no check");
    open(check);
  } catch {
    location.assign(address);
  }
}

function open(check) {
  const dialog = document.createElement("dialog");
  const title = check.querySelector("h1");
  const heading = document.createElement("h2");
  heading.id = title.id;
  heading.tabIndex = -1; // a second Enter neither moves nor leads away
  heading.autofocus = true;
  heading.append(...title.childNodes);
  title.replaceWith(heading);
  dialog.className = "asked";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(document.importNode(check, true));
  const close = dialog.querySelector("[data-close]");
  close.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    end();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function dragged(link, down) {
  const begin = link.closest("li").getBoundingClientRect();
  const grabbed = down.clientY - begin.top;
  let moved = false;

  const on = (event) => {
    if (!moved && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < DRAG_FROM) return;
    if (!moved) {
      moved = true;
      move = new Move(link);
      document.body.classList.add("dragging");
    }
    const column = move.columns.find((each) => event.clientX < each.getBoundingClientRect().right) ?? move.columns.at(-1);
    const box = column.getBoundingClientRect();
    const share = (event.clientY - grabbed - box.top) / box.height;
    move.to(column, move.first + share * (move.last - move.first));
  };
  const stop = (drop) => {
    removeEventListener("pointermove", on);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", escape);
    document.body.classList.remove("dragging");
    if (!moved) return;
    addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
    setTimeout(() => (drop && !same() ? ask() : end()));
  };
  const same = () => move.column === move.item.closest(".day") && move.minute === Number(move.item.dataset.start);
  const up = () => stop(true);
  const cancel = () => stop(false);
  const escape = (event) => event.key === "Escape" && stop(false);
  addEventListener("pointermove", on);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", cancel);
  addEventListener("keydown", escape);
}

const KEYS = {
  ArrowUp: () => move.step(-1),
  ArrowDown: () => move.step(1),
  ArrowLeft: () => move.aside(-1),
  ArrowRight: () => move.aside(1),
  Enter: () => ask(),
  Escape: () => {
    say(sheet.dataset.left);
    end();
  },
};

function pressed(event) {
  const link = event.target.closest("a[data-move]");
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!move && event.key.toLowerCase() === "m") {
    move = new Move(link);
    say(sheet.dataset.picked);
    event.preventDefault();
  } else if (move?.link === link && KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
    if (move && event.key.startsWith("Arrow")) say(move.words);
  }
}

if (sheet?.dataset.back && getComputedStyle(sheet).display === "grid" && sheet.querySelector("a[data-move]")) {
  document.querySelector("[data-hint]").hidden = false;
  for (const link of sheet.querySelectorAll("a[data-move]")) link.setAttribute("aria-keyshortcuts", "M");
  sheet.addEventListener("dragstart", (event) => event.preventDefault());
  sheet.addEventListener("pointerdown", (event) => {
    const link = event.target.closest("a[data-move]");
    if (link && event.button === 0 && event.pointerType !== "touch" && !move) dragged(link, event);
  });
  sheet.addEventListener("keydown", pressed);
  sheet.addEventListener("focusout", () => {
    if (move && !document.querySelector("dialog.asked") && !document.body.classList.contains("dragging")) {
      setTimeout(() => {
        if (move && document.activeElement !== move.link && !document.querySelector("dialog.asked")) end();
      });
    }
  });
}

// -- the time ----------------------------------------------------------------------------------------------------------

const lines = document.querySelectorAll("[data-now]");
if (lines.length) {
  const began = Number(lines[0].dataset.now);
  setInterval(() => {
    const minute = began + performance.now() / 60000;
    for (const line of lines) place(line, minute);
  }, 30000);
}

// -- what others do ----------------------------------------------------------------------------------------------------

const watch = document.querySelector("[data-watch]");
if (watch) {
  const headers = { "If-None-Match": `"${watch.dataset.state}"` };
  const timer = setInterval(async () => {
    if (document.hidden || move) return;
    const answer = await fetch(watch.dataset.watch, { headers, cache: "no-store", redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") location.reload(); // signed out: nothing of anybody stays on the screen
    if (answer?.status !== 200) return;
    watch.firstElementChild.hidden = false;
    clearInterval(timer);
  }, ASK_EVERY);
}
