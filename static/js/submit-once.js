// A form that changes something is sent once: a second click does nothing while the first is on its way.
// The button is not disabled by its attribute, which would take its name and value out of the first request.
const WAIT = 10_000;
const onTheWay = new WeakSet();

function release(form) {
  onTheWay.delete(form);
  for (const button of form.querySelectorAll("[type=submit][aria-disabled]")) button.removeAttribute("aria-disabled");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || (event.submitter?.formMethod || form.method) !== "post") return;
  if (onTheWay.has(form)) {
    event.preventDefault();
    return;
  }
  onTheWay.add(form);
  for (const button of form.querySelectorAll("[type=submit]")) button.setAttribute("aria-disabled", "true");
  setTimeout(release, WAIT, form);
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) release(form);
});
