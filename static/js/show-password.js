// A new password is written once, so its owner may look at it: a tick below the field shows what she writes.
for (const field of document.querySelectorAll("input[data-show]")) {
  const tick = document.createElement("input");
  tick.type = "checkbox";
  const words = document.createElement("span");
  words.textContent = field.dataset.show;
  const label = document.createElement("label");
  label.className = "choice";
  label.append(tick, words);
  const row = document.createElement("div");
  row.className = "field rows";
  row.append(label);
  field.closest(".field").after(row);
  tick.addEventListener("change", () => (field.type = tick.checked ? "text" : "password"));
}
