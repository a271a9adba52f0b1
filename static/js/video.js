// Plays a film of this site in the place of its picture. Nothing of it is loaded before the click on its link.
function play(event, film) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = event.currentTarget;
  const video = document.createElement("video");
  video.src = link.href;
  video.controls = true;
  if (link.dataset.captions) video.append(captions(link));
  film.querySelector(".screen").replaceChildren(video);
  link.parentElement.querySelectorAll("br, a, .soft").forEach((each) => each.remove());
  video.focus();
  video.play().catch(() => {});
}

function captions(link) {
  const track = document.createElement("track");
  Object.assign(track, { kind: "captions", src: link.dataset.captions, srclang: link.dataset.language, label: link.dataset.words, default: true });
  return track;
}

for (const film of document.querySelectorAll("[data-film]")) {
  film.querySelector("a[data-captions]")?.addEventListener("click", (event) => play(event, film));
}
