// Opens the row that an address points at (#does-it-hurt), and all of them while the page is printed.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const row = target?.closest("details");
  if (!row || row.open) return;
  row.open = true;
  target.scrollIntoView();
}

let opened = [];

function openAll() {
  opened = [...document.querySelectorAll("main details:not([open])")];
  for (const row of opened) row.open = true;
}

function closeAgain() {
  for (const row of opened) row.open = false;
}

openTarget();
addEventListener("hashchange", openTarget);
addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
