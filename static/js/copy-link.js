// A "Copy" button beside a link that is meant to be kept. Without it the link can be marked and copied by hand.
function prepare(box) {
  const input = box.querySelector("input");
  const button = box.querySelector("button");
  const status = box.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(input.value);
      status.textContent = status.dataset.done;
    } catch {
      input.select();
      status.textContent = status.dataset.failed;
    }
  });
}

document.querySelectorAll("[data-copy-link]").forEach(prepare);
