// Moves the focus to the error summary, for browsers that do not honour autofocus on a section.
const summary = document.getElementById("error-summary");

if (summary && document.activeElement !== summary) summary.focus();
