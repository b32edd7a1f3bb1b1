// Passkeys: the bot's options into what the browser takes, and its answer into JSON. Judged by the bot alone.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

/** Whether this view can use passkeys at all: Telegram's own view often cannot. */
export const canPasskey = () => Boolean(window.PublicKeyCredential && navigator.credentials)
  && ["publickey-credentials-get"].every((name) => document.featurePolicy?.allowsFeature(name) !== false);

/** A new passkey. Throws what the browser throws. */
export async function createPasskey(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials) };
  const made = await navigator.credentials.create({ publicKey });
  return { id: made.id, rawId: text(made.rawId), type: made.type,
    response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) } };
}

/** The signature of a passkey under these options. Throws what the browser throws. */
export async function usePasskey(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
  const found = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature } = found.response;
  return { id: found.id, rawId: text(found.rawId), type: found.type,
    response: { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) } };
}
