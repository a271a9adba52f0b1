// Moves the focus to the error summary where autofocus did not: in browsers that do not know it on a section.
// Not before the first frame, in which autofocus is carried out: it complains if something has the focus by then.
const summary = document.getElementById("error-summary");

function focus() {
  if (document.activeElement !== summary) summary.focus();
}

// Going back to this page, or loading it anew, asks for it again instead of sending the form once more.
if (summary) history.replaceState(history.state, "", location.href);
if (summary) addEventListener("load", () => requestAnimationFrame(focus));
