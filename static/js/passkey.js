// A passkey is made or shown: the browser is asked for it, and its answer goes with the form. WebAuthn speaks in bytes, the
// server in base64url. Where the site has no name (127.0.0.1) there are no passkeys, and the form stays away.
const NAMELESS = /^[\d.]+$|:/;

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));

function text(buffer) {
  const raw = Array.from(new Uint8Array(buffer), (each) => String.fromCharCode(each)).join("");
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function options(form) {
  const token = form.elements.csrf_token.value;
  const answer = await fetch(form.dataset.ask, { method: "POST", headers: { "X-CSRFToken": token } });
  if (answer.redirected) window.location.assign(answer.url); // she must show her password once more
  return answer.json();
}

async function make(asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge), excludeCredentials: known(asked.excludeCredentials) };
  publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
  const made = await navigator.credentials.create({ publicKey });
  const { attestationObject, clientDataJSON } = made.response;
  return {
    ...named(made),
    response: {
      attestationObject: text(attestationObject),
      clientDataJSON: text(clientDataJSON),
      transports: made.response.getTransports?.() || [],
    },
  };
}

async function show(asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) };
  const shown = await navigator.credentials.get({ publicKey });
  const { authenticatorData, clientDataJSON, signature, userHandle } = shown.response;
  return {
    ...named(shown),
    response: {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    },
  };
}

const named = (key) => ({ id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {} });

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const status = form.querySelector("[role=status]");
  status.textContent = "";
  try {
    const asked = await options(form);
    const answer = form.dataset.passkey === "create" ? await make(asked) : await show(asked);
    form.elements.answer.value = JSON.stringify(answer);
    form.submit();
  } catch {
    status.textContent = form.dataset.failed;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential || NAMELESS.test(window.location.hostname)) continue;
  form.hidden = false;
  form.addEventListener("submit", send);
}
