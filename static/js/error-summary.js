// Moves the focus to the error summary where autofocus did not: in browsers that do not know it on a section.
// Not before the first frame, in which autofocus is carried out: it complains if something has the focus by then.
const summary = document.getElementById("error-summary");

function focus() {
  if (document.activeElement !== summary) summary.focus();
}

if (summary) addEventListener("load", () => requestAnimationFrame(focus));
