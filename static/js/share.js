// Shows the buttons that need a script: the system's own share sheet, where there is one, and printing.
const share = document.querySelector("[data-share]");
const print = document.querySelector("[data-print]");

async function shareIt() {
  try {
    await navigator.share({ title: share.dataset.title, url: share.dataset.share });
  } catch {
    // She has closed the sheet again.
  }
}

if (share && navigator.share) {
  share.hidden = false;
  share.addEventListener("click", shareIt);
}
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
